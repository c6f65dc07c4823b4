// What later runs are compared with: how much a stream took, and the values of its aggregates.

/** How much a stream took, beside its counts. */
export interface StreamMeasure {
  /** Whose it is: runs of one job file and one definition of the source are compared with each other. A hash. */
  of: string;
  /** Rows of the source, where all of it was taken. */
  rows: number | null;
  /** Files that were taken. */
  files: number;
  /** How long the window is, where it has a beginning and an end. */
  spanMs: number | null;
}

/** The value of an aggregate in a run. */
export interface KeptAggregate {
  /** As the engine writes it, with the names of fields as they are mapped. */
  sql: string;
  /** DuckDB's type: a value of another one is of something else. */
  type: string;
  value: string | null;
}
