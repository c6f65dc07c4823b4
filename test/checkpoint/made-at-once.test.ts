import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test, vi } from "vitest";
import { Ledger } from "../../src/checkpoint/ledger.ts";
import { run, temporaryFolder } from "./filled-ledger.ts";

afterEach(() => vi.restoreAllMocks());

/** Opens a ledger; `act` is another process's work just before the nth statement. Says how many statements there were. */
function openWith(folder: string, nth: number, act: () => void): number {
  let statements = 0;
  let acts = false;
  for (const name of ["exec", "prepare"] as const) {
    const original = DatabaseSync.prototype[name] as (sql: string) => never;
    vi.spyOn(DatabaseSync.prototype, name).mockImplementation(function (this: DatabaseSync, sql: string) {
      // The other one would wait for a transaction to end.
      if (!acts && !this.isTransaction && statements++ === nth) {
        acts = true;
        act();
        acts = false;
      }
      return original.call(this, sql);
    });
  }
  Ledger.open(folder)[Symbol.dispose]();
  vi.restoreAllMocks();
  return statements;
}

test("whenever another process makes the ledger and begins a run while one opens it, it is opened", () => {
  const all = openWith(temporaryFolder(), -1, () => {});
  expect(all).toBeGreaterThan(5);
  for (let nth = 0; nth < all; nth++) {
    const folder = temporaryFolder();
    openWith(folder, nth, () => {
      using other = Ledger.open(folder);
      other.startRun(run);
      mkdirSync(join(folder, "runs", run.id, "parts"), { recursive: true });
      writeFileSync(join(folder, "runs", run.id, "parts", "p.csv"), "Id\n");
    });
    using ledger = Ledger.open(folder);
    expect(ledger.runs(), `before statement ${nth}`).toHaveLength(1);
  }
});
