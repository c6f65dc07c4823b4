// Batches as a connector takes them, on PostgreSQL's own server: a value that COPY can't read, a key that somebody else was faster
// with, cells with marks. Each row is told for itself, whatever way the batch took.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, onTestFinished, test } from "vitest";
import { definitionOf } from "../../src/connectors/postgres/marks.ts";
import { openConnection } from "../../src/connectors/registry.ts";
import type { Batch } from "../../src/contract/write.ts";
import { readProjectConnections } from "../../src/pipeline/tools/connections.ts";
import { hasPostgres, startPostgres } from "../support/postgres.ts";

test.skipIf(!hasPostgres)(
  "a row that is refused costs no other, a key that is there by then is updated, marks are values",
  async () => {
    await using server = await startPostgres();
    await server.query(`${definitionOf("etl")}; SET ROLE etl; CREATE TYPE mood AS ENUM ('fine', 'bad');
    CREATE TABLE t (id bigint PRIMARY KEY, mood mood DEFAULT 'bad', note text DEFAULT 'none', born date, amount numeric(6, 2)); RESET ROLE`);
    const folder = mkdtempSync(join(tmpdir(), "loadline-batches-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const url = `postgres://${encodeURIComponent(server.folder)}:${server.port}/crm`;
    const file = join(folder, "connections.yaml");
    writeFileSync(file, `version: 1\nconnections:\n  crm: { type: postgres, url: "${url}", auth: { user: etl } }\n`);
    const crm = readProjectConnections(file, {}).get("crm");
    if (crm === undefined) throw new Error("no connection");
    const { signal } = new AbortController();
    const { target } = await openConnection(crm, { environment: {}, onRetry: () => undefined, signal });
    onTestFinished(() => target.close());
    const files = {
      succeeded: join(folder, "good.csv"),
      failed: join(folder, "bad.csv"),
      unprocessed: join(folder, "none.csv"),
    };
    let number = 0;
    const write = async (text: string, operation: Batch["operation"] = "upsert", object = "t") => {
      number += 1;
      const path = join(folder, `batch-${number}.csv`);
      writeFileSync(path, text);
      const { length: rows } = parse(text, { columns: true });
      const batch = { object, operation, path, bytes: 0, rows, externalId: "id", key: ["id"], sha256: "" };
      await target.writes.transaction?.write(`mark-${number}`, batch, files, signal);
      const told = (of: string) => parse(readFileSync(of, "utf8"), { columns: true }) as Record<string, string>[];
      return {
        good: told(files.succeeded).map((row) => `${row["id"] ?? row["loadline_id"]} ${row["loadline_created"]}`),
        bad: told(files.failed).map((row) => `${row["id"]} ${row["loadline_error"]}`),
      };
    };
    const row = async (id: number) =>
      (await server.query(`SELECT CAST(t AS text) AS row FROM t WHERE id = ${id}`))[0]?.["row"];

    // One that COPY can't read, one too large for its column; the others have what they say, and defaults.
    const first = await write(
      'id,mood,note,born,amount\n1,fine,"a, ""b""",2026-01-31,1.50\n2,angry,x,,2\n3,,,,3\n4,bad,y,,12345.00\n',
    );
    expect(first.good).toEqual(["1 true", "3 true"]);
    expect(first.bad).toEqual([
      expect.stringContaining('2 {"code":"22P02"'),
      expect.stringContaining('4 {"code":"22003"'),
    ]);
    expect(await row(1)).toBe('(1,fine,"a, ""b""",2026-01-31,1.50)');
    expect(await row(3)).toBe("(3,bad,none,,3.00)");

    // 1 and 3 are there by now.
    expect((await write("id,mood,note,born,amount\n1,bad,,,\n3,,z,,\n5,fine,n,,5\n")).good.sort()).toEqual([
      "1 false",
      "3 false",
      "5 true",
    ]);
    expect([await row(1), await row(3)]).toEqual(['(1,bad,"a, ""b""",2026-01-31,1.50)', "(3,bad,z,,3.00)"]);

    // NULL and the empty text.
    expect((await write("id,mood,note,born,amount\n6,␀,∅,,␀\n7,fine,∅␀,,7\n")).good).toEqual(["6 true", "7 true"]);
    expect([await row(6), await row(7)]).toEqual(['(6,,"",,)', "(7,fine,␀,,7.00)"]);

    // Updates by name, without marks and with one.
    expect((await write("loadline_id,note,amount\n1,new,2\n99,x,1\n3,,9\n", "update")).good).toEqual([
      "1 false",
      "3 false",
    ]);
    expect((await write("loadline_id,note,amount\n5,␀,\n", "update")).good).toEqual(["5 false"]);
    expect([await row(1), await row(3), await row(5)]).toEqual([
      "(1,bad,new,2026-01-31,2.00)",
      "(3,bad,z,,9.00)",
      "(5,fine,,,5.00)",
    ]);
    expect((await write("loadline_id\n1\n3\n", "delete")).good).toEqual(["1 false", "3 false"]);

    // A trigger, of a partition alone, that gives a row another key would make it anew with each run.
    await server.query(`SET ROLE etl; CREATE TABLE touched (id text PRIMARY KEY, note text) PARTITION BY LIST (id);
      CREATE TABLE touched_all PARTITION OF touched DEFAULT; CREATE FUNCTION small() RETURNS trigger LANGUAGE plpgsql
      AS 'BEGIN NEW.id := lower(NEW.id); RETURN NEW; END'; CREATE TRIGGER small BEFORE INSERT ON touched_all FOR EACH ROW EXECUTE FUNCTION small(); RESET ROLE`);
    const touched = await write("id,note\na,x\nB,y\nc,z\n", "upsert", "touched");
    expect([touched.good, touched.bad]).toEqual([["a true", "c true"], [expect.stringMatching(/^B .*another key/)]]);
    expect(await server.query("SELECT id FROM touched ORDER BY 1")).toEqual([{ id: "a" }, { id: "c" }]);

    // A wider column holds what was meant for the one that it was.
    await server.query("ALTER TABLE t ALTER amount TYPE numeric(9, 3)");
    expect((await write("id,amount\n8,1234.25\n")).good).toEqual(["8 true"]);

    // It would round to another scale, and leave out what is not there.
    for (const [altered, told] of [
      ["ALTER amount TYPE numeric(6, 1)", "amount was numeric(6,2), is numeric(6,1)"],
      ["DROP amount", "amount was numeric(6,2), is not there any more"],
    ]) {
      await server.query(`ALTER TABLE t ${altered}, ADD more text; ALTER TABLE t DROP more`);
      await expect(write("id,amount\n9,1.25\n")).rejects.toThrow(`public.t was altered since the plan: ${told}`);
      expect((await write("id,note\n10,x\n")).bad).toEqual([]);
    }
    expect(await row(9)).toBeUndefined();
  },
);
