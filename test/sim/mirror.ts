// Mirror under faults, against a model. In: a scenario: files with good, refused and damaged rows, what the target holds,
// what the run takes of it. Out: the records that the plan deletes, and those that a person would allow.
// The model: a record may be deleted only where all of the source was taken and read, every row's key is known, no row
// has the record's key, and the scope has the record.

import fc from "fast-check";
import { partial, type Wholeness, whole } from "../../src/core/wholeness.ts";
import { type Field, idOf, type Present, type Rig } from "../stage/rig.ts";

const fields: Record<string, Field> = { Key__c: { kind: "text" }, Name: { kind: "text" } };

/** How a row stands in its file; `refused` is rejected with its key known. */
const writings = {
  good: (key: string) => `${key},a`,
  other: (key: string) => `"${key.toLowerCase()}",b`,
  refused: (key: string) => `${key},`,
  cellTooMany: (key: string) => `${key},a,x`,
  noText: (key: string) => `${key},\xff`,
  behindQuote: (key: string) => `${key},"a" x`,
  blankKey: () => ",a",
  failingKey: (key: string) => `${key},fail`,
} as const;

type Writing = keyof typeof writings;
const telling: readonly Writing[] = ["good", "other", "refused"];

interface Row {
  key: string;
  writing: Writing;
}

export interface Scenario {
  files: Row[][];
  present: { key: string | null; scope: "mine" | "others" }[];
  scoped: boolean;
  selection: "all" | "limit" | "keys";
  taken: boolean;
}

const key = fc.constantFrom("K1", "K2", "K3", "K4", "K5", "K6");
const writing = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Writing>("good") },
  { weight: 2, arbitrary: fc.constantFrom<Writing>("other", "refused") },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Writing>("cellTooMany", "noText", "behindQuote", "blankKey", "failingKey"),
  },
);

export const scenarios: fc.Arbitrary<Scenario> = fc.record({
  files: fc.array(fc.array(fc.record({ key, writing }), { maxLength: 5 }), { minLength: 1, maxLength: 3 }),
  present: fc.array(
    fc.record({ key: fc.option(key, { freq: 8 }), scope: fc.constantFrom("mine" as const, "others" as const) }),
    { maxLength: 7 },
  ),
  scoped: fc.boolean(),
  selection: fc.oneof(
    { weight: 6, arbitrary: fc.constant("all" as const) },
    { weight: 1, arbitrary: fc.constantFrom("limit" as const, "keys" as const) },
  ),
  taken: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
});

/** Ids that may be deleted. */
export function allowedDeletes({ files, present, scoped, selection, taken }: Scenario): string[] {
  const rows = files.flat();
  const isWhole = taken && selection === "all" && rows.every((row) => telling.includes(row.writing));
  if (!isWhole) return [];
  const known = new Set(rows.map((row) => row.key));
  return present
    .flatMap((record, index) => {
      const isGone = record.key !== null && !known.has(record.key) && (!scoped || record.scope === "mine");
      return isGone ? [idOf(index)] : [];
    })
    .sort();
}

/** Ids that the product's plan deletes. */
export async function plannedDeletes(rig: Rig, scenario: Scenario): Promise<string[]> {
  const files = Object.fromEntries(
    scenario.files.map((rows, index) => {
      const lines = ["key,name", ...rows.map((row) => writings[row.writing](row.key))];
      return [`${index}.csv`, Buffer.from(`${lines.join("\n")}\n`, "latin1")];
    }),
  );
  const present = scenario.present.map((record): Present => {
    return { Key__c: record.key, Name: "old", Scope: record.scope };
  });
  const failing = "CASE WHEN name = 'fail' THEN CAST(CAST(name AS INTEGER) AS VARCHAR) ELSE key END";
  const stream = `
source: { connection: drop, files: "*" }
target: { connection: org, object: Thing, key: Key__c, mode: mirror${scenario.scoped ? ", scope: mine" : ""} }
map: { Key__c: "${failing}", Name: name }
validate: [ { field: Name, required: true } ]`;
  const staged = await rig.stage(stream, fields, files, { present });
  const selection = { all: {}, limit: { limit: 2 }, keys: { keys: ["K1", "K2"] } }[scenario.selection];
  const taken: Wholeness = scenario.taken ? whole : partial("a file is not ready");
  const { plan } = await rig.diff(staged, selection, taken);
  return plan.flatMap(({ action, id }) => (action === "delete" ? [id ?? ""] : [])).sort();
}

/** Throws on a scenario, made as small as can be, where the plan deletes other records than it may. */
export async function tryScenarios(rig: Rig, options: { numRuns: number; seed?: number }): Promise<void> {
  const property = fc.asyncProperty(scenarios, async (scenario) => {
    const planned = await plannedDeletes(rig, scenario);
    const allowed = allowedDeletes(scenario);
    if (planned.join() !== allowed.join())
      throw new Error(`deletes ${planned.join(", ") || "nothing"}, may delete ${allowed.join(", ") || "nothing"}`);
  });
  await fc.assert(property, options);
}
