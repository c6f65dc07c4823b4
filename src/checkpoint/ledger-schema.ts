// Tables of the ledger. Every row carries a hash over its other columns, because SQLite does not notice flipped bits
// (measured: 48 % of single-bit flips changed data with integrity_check = ok; a hash a row caught all of them). A row that
// is gone has no hash to check: `sums` has the number of rows of each group of a table, and a hash over them.

export const ledgerVersion = 12;

/**
 * Columns of each table, in the order that the row hash takes them. `hash` comes last and is not listed. Rows that agree
 * in `group`, the first columns of the key or another one, are counted together.
 */
export const tables = {
  runs: {
    columns: [
      "id",
      "job",
      "job_hash",
      "job_file",
      "command",
      "options",
      "started",
      "finished",
      "status",
      "exit_code",
      "next",
      "summary",
      "job_sha256",
    ],
    key: ["id"],
    group: ["job"],
  },
  streams: {
    columns: [
      "run",
      "name",
      "connection",
      "org",
      "object",
      "mode",
      "state",
      "plan_sha256",
      "plan",
      "counts",
      "how",
      "rejects_bytes",
      "writes",
      "partial",
      "notes",
      "stops",
      "aggregates",
      "shape",
      "measured_of",
      "measured",
      "found",
    ],
    key: ["run", "name"],
    group: ["run"],
  },
  parts: {
    columns: [
      "run",
      "stream",
      "ordinal",
      "path",
      "label",
      "locator",
      "bytes",
      "sha256",
      "compressed",
      "suspect",
      "columns",
      "careful",
      "row_count",
      "file_ordinal",
      "file_sha256",
    ],
    key: ["run", "stream", "ordinal"],
    group: ["run", "stream"],
  },
  batches: {
    columns: [
      "run",
      "stream",
      "number",
      "operation",
      "object",
      "external_id",
      "action",
      "path",
      "bytes",
      "row_count",
      "sha256",
      "state",
      "handle",
      "attempts",
      "succeeded",
      "failed",
      "conflicts",
      "in_doubt",
      "results_sha256",
      "message",
      "via",
      "round",
      "again",
      "level",
    ],
    key: ["run", "stream", "number"],
    group: ["run", "stream"],
  },
  /** What an incremental stream of a run takes, and the remote handle that it is taken by. */
  windows: {
    columns: ["run", "stream", "source_org", "from_time", "to_time", "moves", "handle"],
    key: ["run", "stream"],
    group: ["run"],
  },
  /**
   * Up to where a stream has taken its source, as `source` defines it. Another org on either side, another file of the
   * job and another definition have a state of their own. Rows of before version 6 have neither: both are empty.
   */
  watermarks: {
    columns: [
      "job",
      "stream",
      "source_org",
      "target_org",
      "object",
      "job_file",
      "source",
      "to_time",
      "run",
      "seen_file",
      "pending",
      "seen_sha256",
      "full_time",
      "known_file",
      "known_sha256",
    ],
    key: ["job", "stream", "source_org", "target_org", "object", "job_file", "source"],
    group: ["job"],
  },
  /** The files that a run takes, with what lies beside them for it, and which of them were acknowledged. */
  takes: {
    columns: [
      "run",
      "stream",
      "ordinal",
      "label",
      "bytes",
      "modified",
      "row_count",
      "sha256",
      "taken_by",
      "acknowledged",
    ],
    key: ["run", "stream", "ordinal"],
    group: ["run", "stream"],
  },
  /** What settled streams have taken, by content. */
  taken: {
    columns: [
      "job",
      "stream",
      "target_org",
      "object",
      "job_file",
      "sha256",
      "run",
      "label",
      "bytes",
      "modified",
      "settled",
    ],
    key: ["job", "stream", "target_org", "object", "job_file", "sha256"],
    group: ["job", "stream"],
  },
  /** What files in mode delta were given, as a file beside the ledger. */
  delivered: {
    columns: ["job", "stream", "target_org", "object", "job_file", "key_fields", "file", "run", "sha256"],
    key: ["job", "stream", "target_org", "object", "job_file"],
    group: ["job"],
  },
  /** Rows of files that wait for a parent, as a file beside the ledger; none where its name is empty. */
  waiting: {
    columns: ["job", "stream", "target_org", "object", "job_file", "file", "run", "sha256", "row_count"],
    key: ["job", "stream", "target_org", "object", "job_file"],
    group: ["job"],
  },
  /** What two jobs that are twins last agreed on, of each pair of records, as a file beside the ledger; and what a person is to decide. */
  twins: {
    columns: [
      "first",
      "second",
      "first_file",
      "second_file",
      "first_org",
      "first_object",
      "second_org",
      "second_object",
      "file",
      "sha256",
      "row_count",
      "conflicts_file",
      "conflicts_sha256",
      "conflict_count",
      "run",
    ],
    key: ["first", "second", "first_file", "second_file", "first_org", "first_object", "second_org", "second_object"],
    group: ["first"],
  },
  /** What source and target of a stream looked like to the last run that settled it. */
  shapes: {
    columns: ["job", "stream", "source_org", "source", "target_org", "object", "job_file", "shape", "run", "kept"],
    key: ["job", "stream", "source_org", "source", "target_org", "object", "job_file"],
    group: ["job"],
  },
  /** Rows that a run did not load, and that are no more open: another run has taken them up, or a person has dropped them. */
  closed: {
    columns: ["run", "stream", "row", "closed_by", "reason", "closed"],
    key: ["run", "stream", "row"],
    group: ["run"],
  },
  /** Who has approved a plan, and which guards of it may be passed. `plan_hash` says what was approved. */
  approvals: {
    columns: ["plan", "number", "plan_hash", "approved_by", "note", "approved", "guards"],
    key: ["plan", "number"],
    group: ["plan"],
  },
  inserts: {
    columns: ["org", "object", "sha256", "run", "stream", "label", "settled"],
    key: ["org", "object", "sha256"],
    group: ["org", "object"],
  },
  /** Rows that runs in mode insert have sent, or are about to send, as a file beside the ledger. */
  inserted: {
    columns: ["org", "object", "run", "stream", "file", "sha256", "row_count", "settled"],
    key: ["org", "object", "run", "stream"],
    group: ["org", "object"],
  },
  /** Present values of a target that were read of all its records, as a file beside the ledger: of an object, its fields and what tells its records apart. */
  present: {
    columns: ["org", "object", "fields_hash", "fields", "file", "sha256", "row_count", "as_of", "read_at", "run"],
    key: ["org", "object", "fields_hash"],
    group: ["org", "object"],
  },
  /** How many rows a group of a table has, and the XOR of their hashes. Its own rows are in no group. */
  sums: {
    columns: ["of", "first", "second", "row_count", "digest"],
    key: ["of", "first", "second"],
    group: undefined,
  },
  /** One row: which ledger this is, and how many transactions it has seen. */
  about: {
    columns: ["id", "commits"],
    key: ["id"],
    group: undefined,
  },
} as const;

export type TableName = keyof typeof tables;

/** Columns that came after the first version, always as a table's last ones, and what older rows have in them. */
export const addedColumns: readonly {
  version: number;
  table: TableName;
  columns: Readonly<Record<string, string | number | null>>;
}[] = [
  { version: 2, table: "batches", columns: { via: "bulk", round: 0, again: 0 } },
  { version: 2, table: "streams", columns: { writes: null } },
  { version: 2, table: "parts", columns: { row_count: null } },
  { version: 4, table: "parts", columns: { file_ordinal: null, file_sha256: null } },
  { version: 6, table: "batches", columns: { level: 0 } },
  { version: 6, table: "streams", columns: { partial: null, notes: "[]" } },
  { version: 6, table: "runs", columns: { job_sha256: null } },
  { version: 9, table: "streams", columns: { stops: "[]", aggregates: "[]", shape: null } },
  { version: 10, table: "streams", columns: { measured_of: null, measured: null } },
  { version: 11, table: "streams", columns: { found: null } },
];

/** Tables whose rows are counted in groups. */
export const countedTables = (Object.keys(tables) as TableName[]).filter((name) => tables[name].group !== undefined);

export function createTables(): string {
  return (Object.keys(tables) as TableName[]).map(createTable).join("\n");
}

export function createTable(name: TableName): string {
  const { columns, key } = tables[name];
  const defined = [...columns.map((column) => `${column} ANY`), "hash TEXT NOT NULL"];
  return `CREATE TABLE IF NOT EXISTS ${name} (${defined.join(", ")}, PRIMARY KEY (${key.join(", ")})) STRICT, WITHOUT ROWID;`;
}
