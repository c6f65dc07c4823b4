// Which present values of targets are kept, as cells of SQLite and back. In: the file beside the ledger, and as of when it
// holds. Out: the same. What must hold: a row names a file that is on the disk, whole, when the row is written; what is
// remembered of a file goes before the file does.

import { text } from "./records.ts";
import type { Cells, Table } from "./table.ts";

export interface PresentKey {
  org: string;
  object: string;
  /** Of the fields as the target describes them, and of what tells its records apart. */
  fieldsHash: string;
}

export interface PresentRecord extends PresentKey {
  /** By their names, then by what tells them from others of these names. */
  fields: string[];
  /** Parquet, beside the ledger. */
  file: string;
  sha256: string;
  rows: number;
  /** What changed before is in the file, but for what showed later than it is dated; by the system's own clock. */
  asOf: string;
  /** When all records were read last; likewise. */
  readAt: string;
  run: string;
}

export class PresentValues {
  readonly #table: Table;
  readonly #transact: (act: () => void) => void;

  constructor(table: Table, transact: (act: () => void) => void) {
    this.#table = table;
    this.#transact = transact;
  }

  get({ org, object, fieldsHash }: PresentKey): PresentRecord | undefined {
    const cells = this.#table.get({ org, object, fields_hash: fieldsHash });
    return cells === undefined ? undefined : recordOf(cells);
  }

  all(): PresentRecord[] {
    return this.#table.find({}).map(recordOf);
  }

  save({ fieldsHash, fields, rows, asOf, readAt, ...rest }: PresentRecord): void {
    const cells = { ...rest, fields_hash: fieldsHash, fields: JSON.stringify(fields) };
    this.#transact(() => this.#table.put({ ...cells, row_count: rows, as_of: asOf, read_at: readAt }));
  }

  forget({ org, object, fieldsHash }: PresentKey): void {
    this.#transact(() => this.#table.delete({ org, object, fields_hash: fieldsHash }));
  }
}

function recordOf(cells: Cells): PresentRecord {
  return {
    org: text(cells["org"]),
    object: text(cells["object"]),
    fieldsHash: text(cells["fields_hash"]),
    fields: JSON.parse(text(cells["fields"])) as string[],
    file: text(cells["file"]),
    sha256: text(cells["sha256"]),
    rows: Number(cells["row_count"]),
    asOf: text(cells["as_of"]),
    readAt: text(cells["read_at"]),
    run: text(cells["run"]),
  };
}
