// What two jobs that are twins have agreed on, as the ledger names it.

/** Which records two jobs that are twins keep alike. The first is the one whose name comes first. */
export interface TwinKey {
  first: string;
  second: string;
  /** As of a watermark's job. */
  firstFile: string;
  secondFile: string;
  /** What the first takes from, and the second writes to. */
  firstOrg: string;
  firstObject: string;
  secondOrg: string;
  secondObject: string;
}

/** What both sides held of each pair of records when they last agreed. */
export interface TwinRecord extends TwinKey {
  /** Parquet, beside the ledger. */
  file: string;
  sha256: string;
  rows: number;
  /** Fields that a person is to decide: Parquet; empty where there are none. */
  conflictsFile: string;
  conflictsSha256: string;
  conflicts: number;
  /** The run that wrote it; empty where a person's decision did. */
  run: string;
}
