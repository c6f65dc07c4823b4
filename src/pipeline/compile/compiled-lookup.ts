// A lookup once it is held against what it looks into: what all later steps go by.

import type { Target } from "../../contract/target.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { NestedCalls } from "../../core/nested-rows.ts";
import type { Stream } from "../../job/job.ts";
import type { Lookup } from "../../job/lookup.ts";
import type { Reading } from "../../values/value.ts";
import type { Reference } from "./reference-file.ts";

export interface CompiledLookup {
  /** Its place among the lookups of its stream, by which its columns and tables are named. */
  index: number;
  /** The mapped field that it is told by. */
  field: string;
  /** A rule looks into mapped rows, a field of the map into those of the source. */
  of: "field" | "rule";
  written: Lookup;
  /** How what is looked up is read, where a type of the key reads it. */
  reading: Reading;
  /** DuckDB's types of what is looked up. */
  types: string[];
  /** What is looked up, as it is computed. */
  from: NestedCalls[];
  /** What its expressions use, with DuckDB types. */
  columns: ReadonlyMap<string, string>;
  keys: KeyPart[];
  table: LookedUpTable;
  /** Of a file's records or a stream's rows: which are looked at. */
  where?: NestedCalls;
  /** Of messages: "User", "record of owners.csv", "row of stream reps". */
  what: string;
  /** What is looked up is never shown; what is found is never shown. */
  hidesKeys: boolean;
  hidesValues: boolean;
}

/** Before what the system could never hold, which is no record's: it is asked for nowhere. */
export const neverAsked = "chr(26)";

export interface KeyPart {
  name: string;
  /** Undefined of a file: there text is equal or not. */
  rendered?: { schema: FieldSchema; render: Target["render"] };
}

export type LookedUpTable =
  | { kind: "file"; reference: Reference }
  | {
      kind: "object";
      target: Target;
      connection: string;
      object: string;
      key: FieldSchema[];
      value: FieldSchema | undefined;
    }
  | { kind: "stream"; stream: Stream; key: StreamColumn[]; value: StreamColumn | undefined; columns: StreamColumn[] };

/** A mapped field of a stream: as the job names it, and as its rows have it. */
export interface StreamColumn {
  written: string;
  schema: FieldSchema;
  render: Target["render"];
}
