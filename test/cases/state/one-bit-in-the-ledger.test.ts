import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { expect } from "vitest";
import { openSqlite } from "../../../src/core/sqlite.ts";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const rows = Array.from({ length: 20 }, (_, n) => `K${n},Last${n}`).join("\n");
const job = contactsJob({
  mode: "insert",
  map: "      Loose__c: id\n      LastName: last",
  target: ", batch: { rows: 2 }",
}).replace("key: Ext__c", "key: Loose__c");

/** Folds the -wal into the ledger. */
function fold(path: string): void {
  const database = openSqlite(path, { synchronous: "OFF" });
  database.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
  database.close();
}

/** The ledger with the lowest bit of the last byte of `text` flipped, at each place where it stands. */
function* flipped(path: string, text: string): Generator<Buffer> {
  const original = readFileSync(path);
  for (let at = original.indexOf(text); at >= 0; at = original.indexOf(text, at + 1)) {
    const bytes = Buffer.from(original);
    const last = at + text.length - 1;
    bytes[last] = (bytes[last] ?? 0) ^ 1;
    yield bytes;
  }
}

caseOf("state/one-bit-in-the-ledger", "a flipped bit in the ledger is never silent", async () => {
  await using place = await rehearse(job, { "inbox/contacts.csv": `id,last\n${rows}\n` });
  const { project, sandbox } = place;
  const ledger = project.path(".loadline/ledger.db");
  const count = async () => (await sandbox.dump("Contact")).length;
  const tryAll = async (text: string, before: number) => {
    fold(ledger);
    cpSync(project.path(".loadline"), project.path("whole"), { recursive: true });
    let tried = 0;
    for (const bytes of flipped(ledger, text)) {
      if (tried++ >= 6) break;
      writeFileSync(ledger, bytes);
      const done = await project.run("run", "job.yaml");
      const all = done.stdout + done.stderr;
      expect([1, 4], all).toContain(done.code);
      // A bit of what no run goes by any more: the ledger says the same as before, and every row is inserted once.
      const isHarmless = /were inserted into Contact already/.test(all);
      if (!isHarmless) expect(all).toMatch(/the ledger is damaged: .+|the ledger does not know of run/);
      expect(await count()).toBe(isHarmless ? 20 : before);
      if (before === 0) await sandbox.api("POST", "/__sandbox/reset");
      rmSync(project.path(".loadline"), { recursive: true });
      cpSync(project.path("whole"), project.path(".loadline"), { recursive: true });
    }
    expect(tried).toBeGreaterThan(0);
    rmSync(project.path("whole"), { recursive: true });
  };
  await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "intent:1" } }).finished;
  await tryAll(basename(project.runFolders()[0] ?? ""), 0);
  expect((await project.run("resume")).code).toBe(0);
  expect(await count()).toBe(20);

  // The file of which all rows are there.
  const database = openSqlite(ledger, { synchronous: "OFF" });
  const sha256 = String(database.prepare("SELECT sha256 FROM inserts").get()?.["sha256"]);
  database.close();
  await tryAll(sha256, 20);
});
