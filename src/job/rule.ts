// A check of a stream's mapped rows, as the steps see it.

import type { Place } from "../core/errors.ts";
import type { Expression } from "./expression.ts";
import type { Lookup } from "./lookup.ts";

/** What a broken rule does: the row is a reject, or only told of; or the run stops before anything is written. */
export type Severity = "reject" | "warn" | "fail";

/** Text of the job file, as it is typed. */
export interface Written {
  text: string;
  place: Place;
}

/** One entry of `validate`: checks of a `field`, of several `fields`, or an `expression` that must be true. */
export interface Rule {
  /** Its place in the list, from 0: two rules of a field are told apart by it. */
  index: number;
  field?: string;
  /** Only of `unique`: together. */
  fields?: readonly string[];
  required?: boolean;
  /** In characters. */
  minLength?: number;
  maxLength?: number;
  /** A regular expression that the whole text matches. */
  pattern?: Written;
  min?: Written;
  max?: Written;
  oneOf?: readonly Written[];
  unique?: boolean;
  /** What `field` names must be there. */
  exists?: Lookup;
  expression?: Expression;
  /** The expression is over aggregates of all rows. */
  over?: "run";
  message?: string;
  severity: Severity;
  place: Place;
}
