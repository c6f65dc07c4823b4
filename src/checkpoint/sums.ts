// How many rows each group of a table has, and the XOR of their hashes: a row that is gone, or has got into another
// group, shows as one that has changed does. The order of the rows does not count, so a sum follows each change of a row
// without a look at the others.

import { countOf, showCount } from "../core/counted.ts";
import type { DatabaseSync, StatementSync } from "../core/sqlite.ts";
import { damaged, hashOf } from "./integrity.ts";
import type { TableName } from "./ledger-schema.ts";

/** Values of the columns that rows of a group agree in; empty where there is no such column. */
export type Group = readonly [string, string];

interface Sum {
  rows: number;
  digest: bigint;
}

interface SumRow {
  of: string;
  first: string;
  second: string;
  row_count: number;
  digest: string;
  hash: string;
}

export class Sums {
  readonly #database: DatabaseSync;
  #one: StatementSync | undefined;
  #put: StatementSync | undefined;
  /** Changes that are not written yet, by table and group. */
  readonly #changed = new Map<string, { of: TableName; group: Group; change: Sum }>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** A row of a group has got another hash; undefined: it was not there, or is not there any more. */
  change(of: TableName, group: Group, before: string | undefined, after: string | undefined): void {
    const name = [of, ...group].join("\n");
    const { change } = this.#changed.get(name) ?? { change: { rows: 0, digest: 0n } };
    const rows = change.rows + (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    const digest = change.digest ^ numberOf(before) ^ numberOf(after);
    this.#changed.set(name, { of, group, change: { rows, digest } });
  }

  /** Writes what has changed, in the transaction that the rows are written in. */
  write(): void {
    for (const { of, group, change } of this.#changed.values()) {
      const { rows, digest } = this.#read(of, group);
      this.#write(of, group, { rows: rows + change.rows, digest: digest ^ change.digest });
    }
    this.#changed.clear();
  }

  /** What was to be written, once the transaction is rolled back. */
  discard(): void {
    this.#changed.clear();
  }

  /** Throws a Failure unless these are all rows of the groups that begin with `start`. */
  verify(of: TableName, start: readonly (string | number | null)[], rows: readonly (readonly [Group, string])[]): void {
    const found = new Map<string, { group: Group; sum: Sum }>();
    for (const [group, hash] of rows) {
      const name = group.join("\n");
      const { sum } = found.get(name) ?? { sum: { rows: 0, digest: 0n } };
      found.set(name, { group, sum: { rows: sum.rows + 1, digest: sum.digest ^ numberOf(hash) } });
    }
    const known = new Map(this.#list(of, start).map(([group, sum]) => [group.join("\n"), { group, sum }]));
    for (const [name, { group }] of new Map([...known, ...found])) {
      const written = known.get(name)?.sum ?? { rows: 0, digest: 0n };
      const read = found.get(name)?.sum ?? { rows: 0, digest: 0n };
      if (written.rows === read.rows && written.digest === read.digest) continue;
      const what = [of, ...group].filter((part) => part !== "").join(" ");
      throw damaged(
        written.rows === read.rows
          ? `the rows of ${what} are not those that were written`
          : `${what}: ${countOf(written.rows, "row")} written, ${showCount(read.rows)} there`,
      );
    }
  }

  forget(of: TableName, first: string): void {
    this.#database.prepare("DELETE FROM sums WHERE of = ? AND first = ?").run(of, first);
  }

  #read(of: TableName, [first, second]: Group): Sum {
    this.#one ??= this.#database.prepare("SELECT * FROM sums WHERE of = ? AND first = ? AND second = ?");
    const row = this.#one.get(of, first, second) as SumRow | undefined;
    return row === undefined ? { rows: 0, digest: 0n } : sumOf(row);
  }

  #list(of: TableName, start: readonly (string | number | null)[]): [Group, Sum][] {
    const names = ["first", "second"].slice(0, start.length).map((name) => ` AND ${name} = ?`);
    const rows = this.#database
      .prepare(`SELECT * FROM sums WHERE of = ?${names.join("")}`)
      .all(of, ...start.map(String)) as unknown as SumRow[];
    return rows.map((row) => [[row.first, row.second], sumOf(row)]);
  }

  #write(of: TableName, [first, second]: Group, { rows, digest }: Sum): void {
    const values = [of, first, second, rows, digest.toString(16)];
    this.#put ??= this.#database.prepare("INSERT OR REPLACE INTO sums VALUES (?, ?, ?, ?, ?, ?)");
    this.#put.run(...values, hashOf(values));
  }
}

function sumOf(row: SumRow): Sum {
  if (row.hash !== hashOf([row.of, row.first, row.second, row.row_count, row.digest])) {
    throw damaged(`the sum of ${row.of} ${row.first} ${row.second} is not what was written`);
  }
  return { rows: row.row_count, digest: BigInt(`0x${row.digest}`) };
}

/** A hash as a number; one that is none (a flipped digit) is told by the row that carries it. */
function numberOf(hash: string | undefined): bigint {
  return hash !== undefined && /^[0-9a-f]{64}$/.test(hash) ? BigInt(`0x${hash}`) : 0n;
}
