// Which cases of one plan may see each other: rows of one key, of one unique value, that name one record. In: what came of
// each case. Out: groups of cases that can't. Must hold: too many groups cost time, too few would be wrong.

import { lookupsOf } from "../../../job/lookup.ts";
import type { TestCase } from "../../../job/test-case.ts";
import { likeness } from "../../../values/fold.ts";
import type { CompiledStream } from "../../compile/compiled-stream.ts";
import type { CaseResult } from "./case-results.ts";
import type { PlacedRecord } from "./given-target.ts";

interface MeetingInput {
  compiled: CompiledStream;
  results: readonly CaseResult[];
  records: readonly PlacedRecord[];
  /** The key tells cases apart already. */
  isMarked: boolean;
}

export function groupApart({ compiled, results, records, isMarked }: MeetingInput): TestCase[][] {
  const meeting = meetingFields(compiled, isMarked);
  const found = isMarked ? objectsLookedUp(compiled) : new Set<string>();
  const groups: { cases: TestCase[]; values: Set<string> }[] = [];
  const alone: TestCase[][] = [];
  const looksUp = !isMarked && lookupsOf(compiled.stream).some((lookup) => lookup.in.kind === "object");
  for (const result of results) {
    // What a row looks up by is no value of a field.
    if (looksUp && result.of.givenTarget.length > 0 && results.length > 1) {
      alone.push([result.of]);
      continue;
    }
    const values = new Set([...rowValues(result, meeting), ...recordValues(result, records, { meeting, found })]);
    const free = groups.find((group) => ![...values].some((value) => group.values.has(value)));
    if (free === undefined) groups.push({ cases: [result.of], values });
    else {
      free.cases.push(result.of);
      for (const value of values) free.values.add(value);
    }
  }
  return [...groups.map(({ cases }) => cases), ...alone];
}

/** Fields by whose values rows meet rows, or records. */
function meetingFields({ stream, fieldSchemas }: CompiledStream, isMarked: boolean): Set<string> {
  const { key, adoptBy } = stream.target;
  const unique = [...fieldSchemas].filter(
    // By an external ID that is not unique only a key finds records, and that has the mark.
    ([, field]) => field.unique || (field.externalId && !isMarked) || field.lookup !== undefined,
  );
  const named = [...key, ...(stream.dedupe?.by ?? []), ...(adoptBy === undefined ? [] : [adoptBy])];
  const all = new Set([...named, ...unique.map(([name]) => name)]);
  const looksUp = stream.fields.flatMap(({ target, lookup }) => (lookup?.in.kind === "object" ? [target] : []));
  for (const name of isMarked ? [...key, ...(stream.dedupe?.by ?? []), ...looksUp] : []) all.delete(name);
  // The mark is no part of what a rule wants to be there once.
  for (const { unique: isUnique, field, fields = [] } of stream.rules) {
    if (isUnique === true) for (const name of field === undefined ? fields : [field]) all.add(name);
  }
  return all;
}

/** Objects whose records rows find by lookups alone, in small letters: with the mark, those of their own case. */
function objectsLookedUp({ stream, schema, fieldSchemas }: CompiledStream): Set<string> {
  const byLookup = new Set(stream.fields.flatMap(({ target, lookup }) => (lookup === undefined ? [] : [target])));
  const named = [...fieldSchemas].flatMap(([name, { referenceTo, lookup }]) =>
    byLookup.has(name) ? [] : [...referenceTo, ...(lookup === undefined ? [] : [lookup.object])],
  );
  const others = new Set([schema.object, ...named].map((name) => name.toLowerCase()));
  const found = lookupsOf(stream).flatMap((lookup) => (lookup.in.kind === "object" ? [lookup.in.object] : []));
  return new Set(found.map((name) => name.toLowerCase()).filter((name) => !others.has(name)));
}

function rowValues({ compiled, of, rows }: CaseResult, meeting: ReadonlySet<string>): string[] {
  const values = rows.flatMap((row) => [...meeting].map((name) => row.values.get(name)));
  // Of two versions of a record only one counts.
  const ids = compiled.stream.source.kind === "object" ? of.given.flatMap(({ cells }) => [...cells.values()]) : [];
  return fold([...values, ...ids]);
}

/** What finds a record: of the stream's own object its key, of another one whatever it holds. */
function recordValues(
  { compiled, of }: CaseResult,
  records: readonly PlacedRecord[],
  { meeting, found }: { meeting: ReadonlySet<string>; found: ReadonlySet<string> },
): string[] {
  const own = records.filter((record) => record.of === of && !found.has(record.object.toLowerCase()));
  return own.flatMap(({ object, given }) => {
    const isOwn = object === compiled.schema.object;
    const cells = [...given.cells].filter(([name]) => !isOwn || meeting.has(name) || !compiled.fieldSchemas.has(name));
    return fold(cells.map(([, value]) => value));
  });
}

function fold(values: readonly (string | null | undefined)[]): string[] {
  return values
    .filter((value) => value !== null && value !== undefined && value !== "")
    .map((value) => likeness(String(value), false));
}
