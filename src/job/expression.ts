// A piece of SQL that a job holds.

import type { Place } from "../core/errors.ts";

/** A DuckDB scalar expression. */
export interface Expression {
  sql: string;
  /** Of the first character of `sql` in the YAML. `expressionPlace` finds the place of a later one. */
  place: Place;
}
