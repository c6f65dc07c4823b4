// What a target holds at present. In: fields, and keys or a scope. Out: CSV files of records with id and version. What must
// hold: a record that is there is in them, whatever an index says of it, where keys are named.

/** The columns of a table that say since when, and until when, a version of a record holds. */
export interface VersionColumns {
  from: string;
  to: string;
}

export interface SnapshotRequest {
  object: string;
  /** Fields to read besides the id and the version. */
  fields: string[];
  key: string[];
  /** Of `fields`: those of which all that a record has is told, also records that lack the property that tells them apart. */
  whole?: readonly string[];
  /** Present when there are few enough keys to name them (`namedKeysMax`): the values of the only key field. */
  keys?: { count: number; read(): AsyncIterable<string> };
  /** Only records within it, a filter in the vendor's own language; with `keys` as the records are, whatever an index says. */
  scope?: string;
  /** Records that were deleted and can be brought back, in place of those that are there; by their ids. */
  deleted?: true;
  /** A record has a row for each version: only those that hold are read. */
  versions?: VersionColumns;
  folder: string;
  /** What the files' names start with. */
  name: string;
  signal: AbortSignal;
  onProgress(rows: number): void;
}

export interface Snapshot {
  /** CSV files, UTF-8, comma, quoted, each with a header: id, version, then the fields. */
  files: string[];
  rows: number;
  /** The same records once more, by other values of the key that name them too; columns as in `files`. */
  aliases?: string[];
  /** How it was read, for the plan: "2 keyed queries", "one scan". */
  how: string;
}

/** Of some records, by their ids, when their fields changed. */
export interface TimesRequest extends Pick<SnapshotRequest, "object" | "fields" | "folder" | "name" | "signal"> {
  ids: AsyncIterable<string>;
}

export interface Present {
  /** Reads by key where keys are named, else all. */
  snapshot(request: SnapshotRequest): Promise<Snapshot>;
  /**
   * Where the target knows it of each field: CSV files with a header, id, then for each field the time of its last change in
   * ISO 8601, blank where it never had a value. Elsewhere a record's version is the time of all its fields.
   */
  fieldTimes?(request: TimesRequest): Promise<string[]>;
  /** How many records an object has; of a target that puts a new one in its place. */
  countRecords?(object: string): Promise<number>;
  /** API calls that reading so many records by their ids or keys takes, by estimate. */
  forecastReads(records: number): number;
}
