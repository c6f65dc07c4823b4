// Random edits of a target, found by a truth pass one for one, as a model tells them; and what a repair leaves. On a table
// whose key the database does not keep unique.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { definition } from "../../src/connectors/sqlite/marks.ts";
import { type DatabaseSync, openSqliteData } from "../../src/core/sqlite.ts";
import type { EndedRun } from "../../src/pipeline/runs/runs.ts";
import { casesOf } from "../support/cases.ts";
import { openDatabaseProject } from "../support/database-project.ts";

const modes = ["upsert", "update", "insert", "mirror"] as const;
type Mode = (typeof modes)[number];

/** `mail` is given where there is none, `note` to new records only. */
const fields = ["name", "amount", "mail", "note"] as const;
type Row = Record<"code" | (typeof fields)[number], string | null>;

const jobOf = (mode: Mode) => `version: 1
name: ${mode}
streams:
  rows:
    source: { connection: drop, files: rows.csv }
    target: { connection: crm, table: t, mode: ${mode}, key: [part, code] }
    map:
      part: part
      code: code
      name: name
      amount: amount
      mail: { from: mail, policy: fill_empty }
      note: { from: note, policy: create_only }
guards: { deletes: 100%, changed: 100%, blanked: 100% }
rejects: { max: 100% }
`;

const rowsMax = 40;
const keyOf = (n: number) => `c${n}`;
const sourceRow = (n: number): Row => ({
  code: keyOf(n),
  name: `name ${n}`,
  amount: String(n),
  mail: n % 3 === 0 ? null : `m${n}@x.de`,
  note: `note ${n}`,
});

const edit = fc.oneof(
  fc.record({ do: fc.constant("delete" as const), n: fc.nat(rowsMax - 1) }),
  fc.record({ do: fc.constant("double" as const), n: fc.nat(rowsMax - 1) }),
  fc.record({ do: fc.constant("add" as const), n: fc.integer({ min: rowsMax, max: rowsMax + 5 }) }),
  fc.record({
    do: fc.constant("set" as const),
    n: fc.nat(rowsMax - 1),
    field: fc.constantFrom(...fields),
    value: fc.constantFrom("other", "7", null),
  }),
);
type Edit = typeof edit extends fc.Arbitrary<infer Value> ? Value : never;

/** The table as the edits leave it, and the same done to the database. */
function applyEdits(database: DatabaseSync, edits: readonly Edit[]): Row[] {
  for (const one of edits) {
    const code = keyOf(one.n);
    if (one.do === "delete") database.prepare("DELETE FROM t WHERE code = ?").run(code);
    if (one.do === "add") database.prepare("INSERT INTO t (part, code, name) VALUES ('p', ?, 'theirs')").run(code);
    if (one.do === "double")
      database.exec(
        `INSERT INTO t (part, code, name, amount, mail, note) SELECT part, code, name, amount, mail, note FROM t WHERE code = '${code}' LIMIT 1`,
      );
    if (one.do === "set") database.prepare(`UPDATE t SET ${one.field} = ? WHERE code = ?`).run(one.value, code);
  }
  return database.prepare("SELECT code, name, amount, mail, note FROM t ORDER BY id").all() as unknown as Row[];
}

/** Lines of the drift, without the ids of records. */
function expectedDrift(records: readonly Row[]): string[] {
  const byKey = Map.groupBy(records, ({ code }) => String(code));
  const lines: string[] = [];
  for (let n = 0; n < rowsMax; n += 1) {
    const row = sourceRow(n);
    const found = byKey.get(keyOf(n)) ?? [];
    if (found.length === 0) lines.push(`onlySource ${keyOf(n)}`);
    if (found.length > 1) lines.push(`duplicate ${keyOf(n)}`);
    const [record] = found;
    if (found.length !== 1 || record === undefined) continue;
    for (const field of fields) {
      const isOurs = field !== "note" && row[field] !== null && (field !== "mail" || record[field] === null);
      if (isOurs && record[field] !== row[field])
        lines.push(`different ${keyOf(n)} ${field} ${row[field]} ${record[field] ?? ""}`);
    }
  }
  for (const [code, found] of byKey) {
    if (Number(code.slice(1)) < rowsMax) continue;
    lines.push(...found.map(() => `onlyTarget ${code}`));
    if (found.length > 1) lines.push(`duplicate ${code}`);
  }
  return lines.sort();
}

function linesOf({ folder }: EndedRun): string[] {
  const rows: Record<string, string>[] = parse(readFileSync(join(folder, "drift/rows.csv")), { columns: true });
  const line = ({ key: parts = "", kind, field, source, target }: Record<string, string>) => {
    const key = parts.replace("p, ", "");
    return kind === "different" ? `different ${key} ${field} ${source} ${target}` : `${kind} ${key}`;
  };
  return rows.map(line).sort();
}

/** What a repair in this mode may not touch. */
function leftOf(mode: Mode, lines: readonly string[]): string[] {
  const repaired: Record<Mode, string[]> = {
    upsert: ["onlySource", "different"],
    update: ["different"],
    insert: ["onlySource"],
    mirror: ["onlySource", "different", "onlyTarget"],
  };
  const isGone = (line: string) => mode === "mirror" && Number(/ c(\d+)/.exec(line)?.[1]) >= rowsMax;
  return lines.filter((line) => !repaired[mode].some((kind) => line.startsWith(kind)) && !isGone(line));
}

test("a pass finds the edits of a target, all and no others, and a repair leaves what its mode may not touch", async () => {
  const property = fc.asyncProperty(
    fc.constantFrom(...modes),
    fc.array(edit, { maxLength: 25 }),
    async (mode, edits) => {
      await findEdits(mode, edits);
    },
  );
  await fc.assert(property, { numRuns: casesOf(24), examples: modes.map((mode) => [mode, everyKind]) });
});

const everyKind: Edit[] = [
  { do: "delete", n: 1 },
  { do: "add", n: 41 },
  { do: "add", n: 42 },
  { do: "add", n: 42 },
  { do: "double", n: 2 },
  ...fields.flatMap((field, n): Edit[] => [
    { do: "set", n: 10 + n, field, value: "other" },
    { do: "set", n: 20 + n, field, value: null },
  ]),
];

async function findEdits(mode: Mode, edits: readonly Edit[]): Promise<void> {
  const columns = ["code", ...fields] as const;
  const csv = Array.from({ length: rowsMax }, (_, n) =>
    ["p", ...columns.map((name) => sourceRow(n)[name] ?? "")].join(","),
  );
  using project = openDatabaseProject("{ type: sqlite, path: crm.db }", {
    "crm.db": "",
    "job.yaml": jobOf(mode),
    "upsert.yaml": jobOf("upsert").replace("name: upsert", "name: first"),
    "drop/rows.csv": [["part", ...columns].join(","), ...csv, ""].join("\n"),
  });
  const database = openSqliteData(project.path("crm.db"), { readOnly: false });
  try {
    database.exec(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, part TEXT, code TEXT, name TEXT, amount TEXT, mail TEXT, note TEXT); ${definition};`,
    );
    const first = await project.run("upsert.yaml");
    expect(first.summary.exitCode, String(first.error)).toBe(0);
    const pass = () => project.run("job.yaml", "plan", { reconcile: {} });
    const wanted = expectedDrift(applyEdits(database, edits));
    const found = await pass();
    expect(linesOf(found), String(found.error)).toEqual(wanted);
    expect(found.summary.exitCode).toBe(wanted.length === 0 ? 0 : 10);
    const repaired = await project.run("job.yaml", "run", { reconcile: { repair: true } });
    const left = leftOf(mode, wanted);
    expect(repaired.summary.exitCode, String(repaired.error)).toBe(left.length === 0 ? 0 : 10);
    const again = await pass();
    expect(linesOf(again), String(again.error)).toEqual(left);
    expect(again.summary.exitCode).toBe(left.length === 0 ? 0 : 10);
  } finally {
    database.close();
  }
}
