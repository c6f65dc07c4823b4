// Whether what a run takes of a source is all of it. Only of a whole source does it mean anything that it lacks a record:
// mode mirror deletes by that, and by nothing else. pipeline/diff/whole-source.ts is the one place that finds it out.

export type Wholeness =
  | { kind: "whole" }
  /** Why it is not, a clause each. */
  | { kind: "partial"; why: readonly string[] };

export const whole: Wholeness = { kind: "whole" };

export function partial(why: string): Wholeness {
  return { kind: "partial", why: [why] };
}

/** Whole only where all are; every reason is kept. */
export function together(parts: Iterable<Wholeness>): Wholeness {
  const why = [...parts].flatMap((part) => (part.kind === "partial" ? part.why : []));
  return why.length === 0 ? whole : { kind: "partial", why: [...new Set(why)] };
}
