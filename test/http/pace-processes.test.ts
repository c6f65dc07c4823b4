// Real processes on one pace. When each turn was given is logged by a trigger in the file, so that the instants are
// those of the pace itself and not of a process that was slow to look at its clock.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../../src/core/sqlite.ts";
import { Pace } from "../../src/http/pace.ts";

const limit = { calls: 100, windowMs: 1000 };

test("processes share one pace, and one that is killed holds up nobody", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-pace-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "pace.db");
  Pace.open(path, "4711:burst", limit)[Symbol.dispose]();
  const database = openSqlite(path, { synchronous: "OFF" });
  onTestFinished(() => database.close());
  database.exec(`
    CREATE TABLE turn (at REAL NOT NULL);
    CREATE TRIGGER log AFTER UPDATE OF due ON pace BEGIN INSERT INTO turn VALUES (new.changed); END;
  `);

  const [one, other, victim] = [start(path, 150), start(path, 150), start(path, 1_000_000)];
  await once(createInterface(victim.stdout), "line");
  victim.kill("SIGKILL");
  const [[victimCode], [oneCode], [otherCode]] = await Promise.all([
    once(victim, "exit"),
    once(one, "exit"),
    once(other, "exit"),
  ]);

  expect([victimCode, oneCode, otherCode]).toEqual([null, 0, 0]);
  const turns = database
    .prepare("SELECT at FROM turn ORDER BY at")
    .all()
    .map((row) => Number(row["at"]));
  expect(turns.length).toBeGreaterThan(300);
  for (const [index, at] of turns.entries()) {
    const next = turns[index + limit.calls];
    if (next !== undefined) expect(next - at).toBeGreaterThanOrEqual(limit.windowMs);
  }
});

function start(path: string, turns: number) {
  const script = join(import.meta.dirname, "pace-process.ts");
  const child = spawn(process.execPath, [script, path, String(limit.calls), String(limit.windowMs), String(turns)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdout.resume();
  return child;
}
