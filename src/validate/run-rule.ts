// A rule over the run, once it is held against the fields of its stream: what is measured of the rows, and what must be
// true of it.

import type { NestedCalls } from "../core/nested-rows.ts";
import type { Rule } from "../job/rule.ts";

export interface RunRuleValue {
  /** The column that stands for it in the condition. */
  column: string;
  /** The aggregate, as the engine writes it. */
  sql: string;
  /** The same as it is computed. */
  computed: NestedCalls;
  /** DuckDB's type of the aggregate. */
  type: string;
  /** Target fields that it is of. */
  fields: readonly string[];
  /** Asked of earlier runs: of the last one, or the median of so many, a DOUBLE. */
  earlier?: { median?: number };
  /** Its value is never shown. */
  isHidden?: true;
}

/** A field, and SQL of its value over what is stored of it (core/columns.ts). */
export interface StoredField {
  name: string;
  sql: string;
}

export interface CompiledRunRule {
  rule: Rule;
  /** BOOLEAN over the columns of the values; NULL passes. */
  condition: string;
  values: readonly RunRuleValue[];
  fields: readonly StoredField[];
}
