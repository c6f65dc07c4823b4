// Writes that have taken effect for their caller but not for readers: transactions that commit late.
// In: a write, at the moment it is made. Out: the row as it was before; the row as written waits until it is revealed.
// Must hold: what is revealed carries the stamp of its write, not of its commit: a reader that only looks past the
// newest stamp it saw never finds it.

import { identifier } from "../../../core/sql.ts";
import type { DatabaseSync } from "../../../core/sqlite.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { isStored } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { prepareRows, type Store, type Stored, transact } from "../store.ts";

export interface LateCommits {
  /** Makes a write and hides it; gives what the write gave. `known` is the row that it updates. */
  hide<Written extends { id: string }>(
    object: SalesforceObject,
    known: string | undefined,
    write: () => Written,
  ): Written;
  /** Commits all that is hidden. Gives the number of rows. */
  reveal(): number;
  /** The oldest stamp among an object's hidden rows. */
  oldest(object: string): string | undefined;
  clear(): void;
}

export function openLateCommits(store: Store): LateCommits {
  const { database, catalog } = store;
  database.exec(
    "CREATE TABLE IF NOT EXISTS sandbox_late (object TEXT, id TEXT, stamp TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (object, id)) WITHOUT ROWID",
  );
  return {
    hide(object, known, write) {
      const before = known === undefined ? undefined : readRow(database, catalog, object.name, known);
      const written = write();
      const { id } = written;
      const after = readRow(database, catalog, object.name, id);
      database
        .prepare("INSERT OR REPLACE INTO sandbox_late VALUES (?, ?, ?, ?)")
        .run(object.name, id, String(after?.["SystemModstamp"]), JSON.stringify(after));
      store.forget(object)(id);
      if (before !== undefined) writeRow(database, object.name, before);
      return written;
    },
    reveal() {
      const rows = prepareRows<[string, string]>(database, "SELECT object, document FROM sandbox_late").all();
      transact(database, () => {
        for (const [object, document] of rows) writeRow(database, object, JSON.parse(document));
        database.exec("DELETE FROM sandbox_late");
      });
      return rows.length;
    },
    oldest: (object) =>
      prepareRows<[string | null]>(database, "SELECT min(stamp) FROM sandbox_late WHERE object = ?").get(object)?.[0] ??
      undefined,
    clear: () => database.exec("DELETE FROM sandbox_late"),
  };
}

type Row = Record<string, Stored>;

function readRow(database: DatabaseSync, catalog: Catalog, name: string, id: string): Row | undefined {
  const fields = catalog.storedObject(name)?.fields ?? [];
  const columns = fields.filter((field) => isStored(field) && field.expression === undefined);
  const list = ["serial", ...columns.map((field) => identifier(field.name))].join(", ");
  const row = database.prepare(`SELECT ${list} FROM ${identifier(name)} WHERE "Id" = ?`).get(id);
  return row as Row | undefined;
}

// The number of a row is its place in the table: the same row comes back to the same place.
function writeRow(database: DatabaseSync, name: string, row: Row): void {
  const columns = Object.keys(row);
  database
    .prepare(
      `INSERT OR REPLACE INTO ${identifier(name)} (${columns.map(identifier).join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    )
    .run(...Object.values(row));
}
