// What a system says of itself: its objects, their fields, what this user may do. What must hold: a name that is wrong is
// told with what was meant.

import type { FieldSchema, ObjectSchema, ObjectSummary } from "../core/model.ts";
import type { Mode, Place } from "../job/job.ts";
import type { VersionColumns } from "./present.ts";

/** What a job asks for beyond its fields. */
export interface Demands {
  object: string;
  mode: Mode;
  hardDelete: boolean;
  assignmentRule?: string;
  place: Place;
}

/** A table as a job's map would have it. */
export interface NewTable {
  object: string;
  /** What is mapped, with the engine's types. */
  columns: readonly { name: string; type: string; place: Place }[];
  key: readonly string[];
  /** It is to hold a row for each version. */
  versions?: VersionColumns;
  /** Of the table's name in the job. */
  place: Place;
}

export interface NewTables {
  /** The name that a table which is not there would go by. */
  nameNew(object: string): Promise<string>;
  /** Whether the table is there, whatever is planned. */
  isThere(object: string): Promise<boolean>;
  /**
   * What would make the table, or columns that one lacks: from now on it is described as it would be. Writes nothing. Gives
   * the statements. Throws a Failure (2) where the system has no such type, or the user may not.
   */
  plan(table: NewTable): Promise<string[]>;
  /** Does what was planned of a table; does nothing where nothing is. */
  make(object: string): Promise<void>;
}

export interface Describe {
  /** The objects that this user can see. */
  listObjects(): Promise<ObjectSummary[]>;
  describe(object: string): Promise<ObjectSchema>;
  /** The system's own name of an object, where it takes others too. Throws a Failure (2) where there is none. */
  canonicalName?(object: string): Promise<string>;
  /** Of a target that makes tables. */
  tables?: NewTables;
  /** The schema of a mapped name, also `Relation.External_Id`; undefined when there is no such field. */
  resolveField(schema: ObjectSchema, name: string): Promise<FieldSchema | undefined>;
  /** What is wrong with a mapped name that can't be resolved, where that is more than a slip. */
  explainName(
    schema: ObjectSchema,
    name: string,
  ): Promise<{ message: string; suggestion?: string; next?: string } | undefined>;
  /** Why a text is no filter of the system's own language for an object; undefined where it is one. */
  explainFilter?(object: string, filter: string): Promise<string | undefined>;
  /** Throws a Failure where this user, or the object, does not allow what a job asks for (8 or 2). Writes no record. */
  refuseDemands(demands: Demands): Promise<void>;
}
