// A stream once its job file, its source and its target are held against each other: what all later steps go by.

import type { StrictColumn } from "../../contract/records.ts";
import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import type { NestedCalls } from "../../core/nested-rows.ts";
import type { MappedField, Stream } from "../../job/job.ts";
import type { CompiledField } from "../../transform/mapping.ts";
import type { CompiledRule } from "../../validate/checks.ts";
import type { CompiledRunRule } from "../../validate/run-rule.ts";
import type { CompiledLookup } from "./compiled-lookup.ts";
import type { CompiledWhere } from "./target-where.ts";

/** What writing a plan needs to know of its stream. */
export interface WrittenStream {
  stream: Stream;
  schema: ObjectSchema;
  /** The mapped fields that a plan holds. */
  planned: readonly { field: MappedField }[];
  /** By mapped name, also for names such as `Account.Ext__c`. */
  fieldSchemas: ReadonlyMap<string, FieldSchema>;
}

export interface CompiledStream extends WrittenStream {
  fields: CompiledField[];
  /** Those of them that a plan holds: the others are mapped and checked only. */
  planned: CompiledField[];
  fieldSchemas: Map<string, FieldSchema>;
  key: FieldSchema[];
  rules: CompiledRule[];
  /** Those over all rows of the run. */
  runRules: CompiledRunRule[];
  /** Of fields and of rules, each at its index. */
  lookups: CompiledLookup[];
  /** Source columns that expressions use, as they are named there, each with its DuckDB type. */
  columns: ReadonlyMap<string, string>;
  /** Of records: what the text of a value must be, by column (RecordSchema). */
  strict: ReadonlyMap<string, StrictColumn>;
  /** Which present records may be touched. */
  where?: CompiledWhere;
  /** `source.keep` as it is computed. */
  keep?: NestedCalls;
  /** Columns that it uses. */
  keepColumns: readonly string[];
  /** Target fields whose values are never shown, in small letters. */
  redacted: ReadonlySet<string>;
  /** Those of an API's numbers that are mapped as they are. */
  carried: readonly string[];
  /** Of fields under policy newest: the stage's column with the time that a row's value is from. */
  times: ReadonlyMap<string, string>;
  /** Where deleted records come as rows: the columns that say so, and into which record one was merged. */
  deletions?: { flag: string; mergedInto?: string };
  /** Statements that make the table, or columns of it, before the first row is written. */
  ddl: readonly string[];
  /** Whether a value may be rounded. */
  rounds: boolean;
}

/** What the target knows of the fields that a plan holds. */
export function plannedSchemas({ planned, fieldSchemas }: WrittenStream): FieldSchema[] {
  return planned.flatMap(({ field }) => fieldSchemas.get(field.target) ?? []);
}

/** Fields that a plan does not hold, and by which records are told apart or found. */
export function matchingFields({ fields, stream }: CompiledStream): CompiledField[] {
  const { key, adoptBy } = stream.target;
  return fields.filter(({ field }) => field.own === false && [...key, adoptBy].includes(field.target));
}
