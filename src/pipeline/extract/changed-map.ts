// A map that has changed since the watermark was set. What lies before the watermark is not taken again, so it keeps what
// the old map wrote, and a field that is mapped anew stays empty there. In: the stream, and as the run that set the
// watermark has kept it. Out: words for people. What must hold: nobody takes an old value for a new one without a word.

import type { Stream } from "../../job/job.ts";
import type { Lookup } from "../../job/lookup.ts";
import { foldBlanks } from "../compile/source-definition.ts";

/** Undefined where all is as it was. */
export function tellChangedMap(before: Stream, after: Stream): string | undefined {
  const [old, present] = [describeMap(before), describeMap(after)];
  const changed = [...present].filter(([name, meaning]) => old.get(name) !== meaning).map(([name]) => name);
  if (changed.length === 0) return undefined;
  return `${after.name}: the map of ${changed.join(", ")} has changed since the watermark: records that don't change keep \
what the map before wrote; a run with --from takes them again`;
}

/** All but its places. */
function meaningOf(lookup: Lookup | undefined): unknown {
  if (lookup === undefined) return undefined;
  const { in: table, key, value, from, where, miss, default: otherwise } = lookup;
  const { place: _place, filePath: _path, ...named } = { place: undefined, filePath: undefined, ...table };
  const names = key.map(({ name }) => name);
  return [named, names, value?.name, from.map(({ sql }) => foldBlanks(sql)), where?.sql, miss, otherwise?.text];
}

/** What each field gets. */
function describeMap({ fields }: Stream): Map<string, string> {
  return new Map(
    fields.map(({ target, expression, onNull, policy, newestBy, own, round, parent, lookup }) => [
      target,
      JSON.stringify([
        foldBlanks(expression.sql),
        onNull,
        policy,
        newestBy?.sql,
        own,
        round,
        parent?.stream,
        meaningOf(lookup),
      ]),
    ]),
  );
}
