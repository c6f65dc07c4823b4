// What a target holds at present. In: fields, and keys or a scope. Out: CSV files of records with id and version. What must
// hold: a record that is there is in them, whatever an index says of it, where keys are named.

import type { ChildLink } from "../core/model.ts";

/** The columns of a table that say since when, and until when, a version of a record holds. */
export interface VersionColumns {
  from: string;
  to: string;
}

interface NamedKeys {
  count: number;
  read(): AsyncIterable<string>;
  /** It was found out that naming them is the cheapest. */
  isChosen?: true;
}

export interface SnapshotRequest {
  object: string;
  /** Fields to read besides the id and the version. */
  fields: string[];
  key: string[];
  /** Of `fields`: those of which all that a record has is told, also records that lack the property that tells them apart. */
  whole?: readonly string[];
  /** Present when there are few enough keys to name them (`namedKeysMax`): the values of the only key field. */
  keys?: NamedKeys;
  /** Only records within it, a filter in the vendor's own language; with `keys` as the records are, whatever an index says. */
  scope?: string;
  /**
   * Whether what is read of all records is kept for later runs: then that is worth twice the calls of naming the keys.
   */
  mayKeep?(): Promise<boolean>;
  /** Awaited where all records are read, before the first of them is asked for. */
  onAll?(): Promise<void>;
  /** Records that were deleted and can be brought back, in place of those that are there; by their ids. */
  deleted?: true;
  /**
   * Only records that go by a link of columns, with a last column: the id of the record that each holds, as the system itself
   * compares them. `keys` are ids of those that may be held.
   */
  holding?: { object: string; by: NonNullable<ChildLink["by"]> };
  /** A record has a row for each version: only those that hold are read. */
  versions?: VersionColumns;
  folder: string;
  /** What the files' names start with. */
  name: string;
  signal: AbortSignal;
  onProgress(rows: number): void;
}

export interface Snapshot {
  /** All records that have the key are in it, not only such as were named. */
  isAll?: true;
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

/** Of which values it is asked whether, and how, they can be brought up to date. */
export type KeptValues = Pick<SnapshotRequest, "object" | "fields" | "key" | "signal">;

export interface ChangesRequest extends KeptValues, Pick<SnapshotRequest, "folder" | "name" | "onProgress"> {
  /** By the system's own clock, ISO 8601: what changed at it, or later, is told. */
  since: string;
  /** How many those are, as `countChanges` told it. */
  expected: number;
  /** What reading all takes, by forecast. */
  allCalls: number;
}

/** The last column of `Changes.files`. No field has a colon in its name. */
export const goneColumn = "loadline:gone";

export interface Changes {
  /**
   * As in a snapshot, and `true` in one more cell where the record went: those that changed, with all that they hold now,
   * those without the key too.
   */
  files: string[];
  /** Read after `files`: what is told here of a record takes the place of what is told there. */
  later?: string[];
  /** A CSV file with a header, of the ids of records that went. One that is in `files`, and not gone there, is back again. */
  gone: string;
  /**
   * A record whose `field` held one of the ids in the file (CSV, a header) may hold another by now, without being told: what
   * it named went.
   */
  emptied?: { field: string; path: string }[];
  /** How many records have the key now. */
  count: number;
  /** Up to when all of this is told, by the system's own clock. */
  asOf: string;
}

/** What a way of reading takes. */
export interface ReadingCost {
  calls: number;
  seconds: number;
}

/** Why changes can't be told so that nothing is missed: for people, "the delete log reaches back to 2026-11-20". */
export interface Untold {
  why: string;
}

/**
 * What changed of an object since a time, so that values which were read before need not be read again. What must hold:
 * what was there before and is not told is there as it was; where that is in doubt, it is said.
 */
export interface PresentChanges {
  /** So much later than it is dated a change may show, in ms. */
  overlapMs: number;
  /**
   * What is told comes from an index that is so far behind at most, in ms: a record may be told as it was before. What is to
   * be written is read by its key before it is trusted. Absent where all that is there is told.
   */
  lagMs?: number;
  /** The system's own clock. */
  readClock(): Promise<Date>;
  /** Why these values can change without being told; undefined where they can't. */
  explainUntold(values: KeptValues): Promise<string | undefined>;
  /**
   * What tells a field from one that was made anew under its name: that one is empty, and no record changed by it. Absent
   * where there is no such thing.
   */
  identifyFields?(values: KeptValues): Promise<string[] | Untold>;
  /** Fields that are read and kept besides these: what others hold changes by them. */
  alsoReads?(values: KeptValues): Promise<string[]>;
  /** How many records changed since, or may have. */
  countChanges(values: KeptValues, since: string): Promise<number | Untold>;
  readChanges(request: ChangesRequest): Promise<Changes | Untold>;
  /** By estimate. `keys`: those that could be named, with the length of all of them. */
  forecast(ask: { keys?: { count: number; bytes: number }; changed: number; all: number }): {
    named?: ReadingCost;
    changed: ReadingCost;
    all: ReadingCost;
  };
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
  /** Where values that were read before can be brought up to date. */
  changes?: PresentChanges;
  /** Text that is another one once anything in an object has changed; of such a target, too. "" of one that is not there. */
  markContent?(object: string): Promise<string>;
  /** API calls that reading so many records by their ids or keys takes, by estimate. */
  forecastReads(records: number): number;
}
