// What is said of a row for which an expression can't be computed: from which values, what they look like, by what, and what
// that takes. In: the values, and how they are computed. Out: SQL. Must hold: of a value that is never shown its shape
// alone is said.

import { literal } from "../core/sql.ts";
import { shapeOf } from "../values/shape.ts";
import { quoted } from "../values/value.ts";

/** A value that an expression was given. */
export interface Given {
  name: string;
  /** SQL, VARCHAR. */
  value: string;
  /** Its name and its shape alone are said. */
  isHidden: boolean;
}

/** What can't be computed. */
export interface Computation {
  /** As the job has it. */
  expression: string;
  /** What the functions take that it calls. */
  takes?: string;
  /** VARCHAR: why a function refuses what it is given; NULL where that is not known. It may name a value. */
  why?: string;
}

const shownMax = 120;

/** VARCHAR. Without `by` it is known from what it is computed alone. */
export function cantBeComputed(what: string, given: readonly Given[], by?: Computation): string {
  const start = `${what}can't be computed`;
  const told = given.length === 0 ? literal(start) : `${literal(`${start} from `)} || ${listGiven(given)}`;
  if (by === undefined) return told;
  const written = by.expression.trim().replaceAll(/\s+/g, " ");
  const shown = written.length > shownMax ? `${written.slice(0, shownMax)}…` : written;
  const isOpen = given.every(({ isHidden }) => !isHidden);
  const parts = [
    told,
    literal(` by ${shown}`),
    ...(by.why === undefined || !isOpen ? [] : [`coalesce(': ' || ${by.why}, '')`]),
    ...(by.takes === undefined ? [] : [literal(`; ${by.takes}`)]),
  ];
  return parts.join(" || ");
}

function listGiven(given: readonly Given[]): string {
  const told = given.map(({ name, value, isHidden }) => {
    const shape = `' (' || ${shapeOf(`coalesce(${value}, '')`)} || ')'`;
    if (isHidden) return `${literal(`${name} (hidden)`)} || ${shape}`;
    return `${literal(`${name} = `)} || ${quoted(`coalesce(${value}, '')`)} || ${shape}`;
  });
  return told.join(" || ', ' || ");
}
