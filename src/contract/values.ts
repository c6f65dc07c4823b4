// Values, as a target stores them. In: a field, and a mapped value as SQL. Out: SQL of what is stored. What must hold: what
// the field can't hold exactly is told, never altered; equal text means an equal value.

import type { FieldSchema } from "../core/model.ts";
import type { Reading } from "../values/value.ts";

/** How the target stores a value, as SQL over a mapped value. */
export interface RenderedField {
  /** VARCHAR as the target would give it back, NULL for no value. Equal text means an equal value. */
  value: string;
  /** The same for what the target holds already, where that may be more than what can be written to it. */
  stored?: string;
  /**
   * A cheap reading of what the target holds, for values that it gives back in another form than they are stored in: NULL
   * for an empty text, the stored text of a value in the target's usual form, of any other value no stored text but its own.
   */
  usual?: string;
  /** A BOOLEAN that is true where the mapped value can't be stored in the field, and what to say then (VARCHAR). */
  invalid?: { condition: string; message: string };
  /** BOOLEAN over the mapped value: what is stored is not it but rounded. Only where the reading rounds. */
  rounded?: string;
  /** The stored value with a type to compare and compute with, for the rules of a job. */
  typed: string;
}

export interface Values {
  /** `value`: SQL of a mapped value; `type`: its DuckDB type. */
  render(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField;
  /** What `clear` stores: NULL, or the value that stands for it (a checkbox is never empty). SQL. */
  clearedValue(field: FieldSchema): string;
}
