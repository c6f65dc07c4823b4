// What a part of a composite request takes from those before it: @{refAccount.id}, @{refQuery.records[0].Name}.
// In: texts, lists and objects. Out: the same with references filled in, or which one has no value.

import { isObject } from "./api.ts";

/** What became of a part. */
export interface Outcome {
  status: number;
  headers: Record<string, string>;
  body?: unknown;
}

/** A reference to a part that failed, was not run, or has no such value. */
export class MissingReference extends Error {}

const reference = /@\{(?<name>\w+)(?<path>(?:\.\w+|\[\d+\])*)\}/g;

export function fillIn(value: unknown, outcomes: ReadonlyMap<string, Outcome>): unknown {
  if (typeof value === "string") {
    return value.replaceAll(reference, (_text, name: string, path: string) => {
      const outcome = outcomes.get(name);
      const found = outcome === undefined || outcome.status >= 400 ? undefined : follow(outcome.body, path);
      if (found === undefined || found === null || typeof found === "object")
        throw new MissingReference(missing(name, path));
      return String(found);
    });
  }
  if (Array.isArray(value)) return value.map((item) => fillIn(item, outcomes));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, outcomes)]));
}

function follow(body: unknown, path: string): unknown {
  let found: unknown = body;
  for (const [step] of path.matchAll(/\w+/g)) {
    if (Array.isArray(found)) found = found[Number(step)] as unknown;
    else if (isObject(found)) found = found[step];
    else return undefined;
  }
  return found;
}

function missing(name: string, path: string): string {
  return `Invalid reference specified. No value for ${name}${path} found in ${name}`;
}
