// A stream once its job file, its source and its target are held against each other: what all later steps go by.

import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import type { Stream } from "../../job/job.ts";
import type { CompiledField } from "../../transform/mapping.ts";
import type { CompiledRule } from "../../validate/rules.ts";

export interface CompiledStream {
  stream: Stream;
  schema: ObjectSchema;
  fields: CompiledField[];
  /** By mapped name, also for names such as `Account.Ext__c`. */
  fieldSchemas: Map<string, FieldSchema>;
  key: FieldSchema[];
  rules: CompiledRule[];
  /** Source columns that expressions use, as they are named there, each with its DuckDB type. */
  columns: ReadonlyMap<string, string>;
  /** Those that `source.keep` uses. */
  keepColumns: readonly string[];
  /** Target fields whose values are never shown, in small letters. */
  redacted: ReadonlySet<string>;
  /** Those of an API's numbers that are mapped as they are. */
  carried: readonly string[];
  /** Whether a value may be rounded. */
  rounds: boolean;
}
