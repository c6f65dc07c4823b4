// Records as a source: what an expression can use of them, and the clock that a window goes by. What must hold: a window
// ends at the system's own time; a field that can't be read says what to use instead.

import type { ObjectSource } from "../job/job.ts";

/** What a stream's expressions can use of an object. */
export interface RecordSchema {
  object: string;
  /** Field to DuckDB type. */
  columns: ReadonlyMap<string, string>;
  /** Fields that change without a change of their record. */
  derived?: ReadonlySet<string>;
  /** Fields that can't be read, lower case, with why and what to use instead. */
  refused: ReadonlyMap<string, { message: string; next: string }>;
  /** Columns of which not every text is a value that others hold too: what one must match in full, and what another one is. */
  strict?: ReadonlyMap<string, StrictColumn>;
  /** Names in every extracted record: what it is, when it changed. */
  idColumn: string;
  versionColumn: string;
  /** Names that come along when deleted records do. */
  deletionColumns: readonly string[];
  /** Why some of its records may not be shown to this user, where that is known. */
  hides?: string;
  /** Gives the keys of all records where they are asked for (`compared`), so that those that are gone can be told. */
  comparesKeys?: true;
  /** The type of a parent's field, `Account.Name`; undefined where there is none. */
  resolveParentField(path: string): Promise<string | undefined>;
}

/** What a source of records has and a source of files does not. */
export interface RecordCatalog {
  /** How far a window reaches back where the job does not say, in ms. */
  overlapMs: number;
  describe(source: ObjectSource): Promise<RecordSchema>;
  /** A source's `where` is answered by a search index, which is behind what is there. */
  filtersByIndex?: true;
  /** The system's own clock: a window ends there. */
  readClock(): Promise<Date>;
  /** Where the system counts its changes: windows by the number and not by the clock. */
  positions?: Positions;
}

interface Positions {
  /** The `cursor` that asks for them. */
  cursor: string;
  /**
   * Where the counter stands: text that sorts as it grows. All that shows later is at it or behind it, and what a record
   * has as its version is such a text. `since`: where the window before ended; `lost` says why none can go on from there.
   */
  read(source: ObjectSource, since: string | undefined): Promise<{ to: string; lost?: string }>;
}

/** What the text of a value must be in full, and what another one is. */
export interface StrictColumn {
  pattern: string;
  otherwise: string;
}
