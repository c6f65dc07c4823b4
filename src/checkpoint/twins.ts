// What twins have agreed on, as cells of SQLite and back. In: the pair of jobs, and the files beside the ledger. Out: the
// same. What must hold: one row a pair of objects, whichever of the two jobs wrote it last.

import { text } from "./records.ts";
import type { Cells, Table } from "./table.ts";
import type { TwinKey, TwinRecord } from "./twin-record.ts";

export class Twins {
  readonly #table: Table;
  readonly #transact: (act: () => void) => void;

  constructor(table: Table, transact: (act: () => void) => void) {
    this.#table = table;
    this.#transact = transact;
  }

  /** Undefined where no run has settled any of it. */
  get(key: TwinKey): TwinRecord | undefined {
    const cells = this.#table.get(cellsOfKey(key));
    return cells === undefined ? undefined : recordOf(cells);
  }

  /** Of two jobs, whatever their files and orgs are. */
  of(first: string, second: string): TwinRecord[] {
    const records = this.#table.find({ first }).map(recordOf);
    return records.filter((record) => record.second === second);
  }

  put({ file, sha256, rows, conflictsFile, conflictsSha256, conflicts, run, ...key }: TwinRecord): void {
    const cells = {
      ...cellsOfKey(key),
      file,
      sha256,
      row_count: rows,
      conflicts_file: conflictsFile,
      conflicts_sha256: conflictsSha256,
      conflict_count: conflicts,
      run,
    };
    this.#transact(() => this.#table.put(cells));
  }
}

function cellsOfKey({
  firstFile,
  secondFile,
  firstOrg,
  firstObject,
  secondOrg,
  secondObject,
  first,
  second,
}: TwinKey): Cells {
  return {
    first,
    second,
    first_file: firstFile,
    second_file: secondFile,
    first_org: firstOrg,
    first_object: firstObject,
    second_org: secondOrg,
    second_object: secondObject,
  };
}

function recordOf(cells: Cells): TwinRecord {
  return {
    first: text(cells["first"]),
    second: text(cells["second"]),
    firstFile: text(cells["first_file"]),
    secondFile: text(cells["second_file"]),
    firstOrg: text(cells["first_org"]),
    firstObject: text(cells["first_object"]),
    secondOrg: text(cells["second_org"]),
    secondObject: text(cells["second_object"]),
    file: text(cells["file"]),
    sha256: text(cells["sha256"]),
    rows: Number(cells["row_count"]),
    conflictsFile: text(cells["conflicts_file"]),
    conflictsSha256: text(cells["conflicts_sha256"]),
    conflicts: Number(cells["conflict_count"]),
    run: text(cells["run"]),
  };
}
