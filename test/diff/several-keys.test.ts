// Records under a key of several fields, bounded by target.where and written under policy newest: the plan is the one that a
// person would make by hand.

import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Field, idOf, Rig } from "../stage/rig.ts";
import { casesOf } from "../support/cases.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig[Symbol.dispose]());

const fields: Record<string, Field> = {
  Text__c: { kind: "text" },
  Number__c: { kind: "number", scale: 2 },
  Day__c: { kind: "date" },
  Name: { kind: "text" },
  Active__c: { kind: "boolean" },
};

/** Blank now and then. */
const part = (...values: string[]) =>
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: fc.constant("") });
const parts = {
  text: part("a", "A ", "b"),
  number: part("1", "1.00", "2e0"),
  day: part("2020-01-02", "2020-1-2"),
};
const name = fc.constantFrom("", "old", "new", "New");
const time = fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-02T00:00:00.000Z", "2026-01-02T01:00:00+01:00");
const row = fc.record({ ...parts, name, time });
const record = fc.record({ ...parts, name, time, active: fc.constantFrom("true", "false", "") });

type Row = Record<keyof typeof parts | "name" | "time", string>;
type Present = Row & { active: string };

interface Scenario {
  mode: "upsert" | "update" | "delete" | "mirror";
  /** Two parts, or three. */
  isLong: boolean;
  isBounded: boolean;
  isNewest: boolean;
  rows: Row[];
  present: Present[];
}

const scenarios: fc.Arbitrary<Scenario> = fc.record({
  mode: fc.constantFrom("upsert", "update", "delete", "mirror"),
  isLong: fc.boolean(),
  isBounded: fc.boolean(),
  isNewest: fc.boolean(),
  rows: fc.array(row, { minLength: 1, maxLength: 5 }),
  present: fc.array(record, { minLength: 1, maxLength: 5 }),
});

/** Undefined where a part is blank. */
function keyOf({ text, number, day }: Row, isLong: boolean): string | undefined {
  const [y, m, d] = day.split("-").map(Number);
  const values = [text.trim().toLowerCase(), number === "" ? "" : String(Number(number)), day && `${y}-${m}-${d}`];
  const used = isLong ? values : values.slice(0, 2);
  return used.includes("") ? undefined : used.join("|");
}

/** By hand: what becomes of each row, and what a mirror deletes. */
function planByHand({ mode, isLong, isBounded, isNewest, rows, present }: Scenario): string[] {
  const keyed = rows.map((one) => keyOf(one, isLong));
  const ids = present.map((one, index) => ({ ...one, id: idOf(index), key: keyOf(one, isLong) }));
  const isWithin = (one: Present) => !isBounded || one.active === "true";
  const told = rows.map((one, index) => {
    const key = keyed[index];
    if (key === undefined || keyed.filter((other) => other === key).length > 1) return "rejected";
    const found = ids.filter((other) => other.key === key);
    const [first, ...others] = found.filter(isWithin);
    if (others.length > 0) return "conflict";
    if (first === undefined) return found.length > 0 || mode === "update" || mode === "delete" ? "unmatched" : "create";
    if (mode === "delete") return `delete ${first.id}`;
    const isWritten = one.name !== "" && one.name !== first.name;
    const isNewer = !isNewest || Date.parse(one.time) > Date.parse(first.time);
    return isWritten && isNewer ? `update ${first.id} ${one.name}` : "unchanged";
  });
  const isWhole = mode === "mirror" && !keyed.includes(undefined);
  const gone = ids.filter((one) => one.key !== undefined && !keyed.includes(one.key) && isWithin(one));
  return [...told, ...(isWhole ? gone.map(({ id }) => `delete ${id}`) : [])].sort();
}

test("the plan of a key of several fields is the one by hand, in every mode", async () => {
  await fc.assert(
    fc.asyncProperty(scenarios, async (scenario) => {
      const { mode, isLong, isBounded, isNewest, rows, present } = scenario;
      const stream = `
source: { connection: drop, files: "*" }
target:
  connection: org
  object: Thing
  key: [Text__c, Number__c${isLong ? ", Day__c" : ""}]
  mode: ${mode}${isBounded ? "\n  where: Active__c" : ""}
map: { Text__c: text, Number__c: number, Day__c: { from: day, policy: create_only },
  Name: { from: name${isNewest ? ", policy: newest, newest_by: time" : ""} } }`;
      const diff = await rig.plan(
        stream,
        fields,
        {
          "a.csv": stringify(rows, { header: true, columns: ["text", "number", "day", "name", "time"], quoted: true }),
        },
        present.map((one) => ({
          ...{ Text__c: one.text.trim(), Number__c: one.number === "" ? null : String(Number(one.number)) },
          ...{ Day__c: one.day === "" ? null : "2020-01-02", Name: one.name, Active__c: one.active },
          SystemModstamp: one.time,
        })),
      );
      const { rejected, conflicts, unmatched, unchanged, extracted } = diff.counts;
      const counted = { rejected, conflict: conflicts, unmatched, unchanged };
      const planned = diff.plan.map(({ action, id, after }) =>
        action === "create" ? action : action === "delete" ? `delete ${id}` : `update ${id} ${after["Name"]}`,
      );
      const others = Object.entries(counted).flatMap(([kind, count]) => Array.from({ length: count }, () => kind));
      expect([...planned, ...others].sort()).toEqual(planByHand(scenario));
      expect(extracted).toBe(rows.length);
    }),
    { numRuns: casesOf(100) },
  );
});
