// Random loads against a model: whatever is upserted and deleted, by file or by record, the org holds what a map would.

import fc from "fast-check";
import { expect, test } from "vitest";
import { casesOf } from "../support/cases.ts";
import { type Org, startOrg } from "./support.ts";

type Step =
  | { kind: "upsert"; rows: { key: string; name: string; score: string }[] }
  | { kind: "record"; key: string; name: string }
  | { kind: "delete"; key: string };

const key = fc.constantFrom("a", "B", "c", "é");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("upsert" as const),
    rows: fc.array(
      fc.record({
        key,
        name: fc.constantFrom("", "#N/A", "Ann", "Bob"),
        score: fc.constantFrom("", "#N/A", "1", "2.5"),
      }),
      { maxLength: 6 },
    ),
  }),
  fc.record({ kind: fc.constant("record" as const), key, name: fc.constantFrom("Cy", "Dee") }),
  fc.record({ kind: fc.constant("delete" as const), key }),
);

type Model = Map<string, { name: string; score: number | null }>;

/** What one step makes of the model; the number of rows that must fail. */
function apply(model: Model, done: Step): number {
  if (done.kind === "delete") {
    model.delete(done.key);
    return 0;
  }
  if (done.kind === "record") {
    model.set(done.key, { score: null, ...model.get(done.key), name: done.name });
    return 0;
  }
  const seen = new Set<string>();
  let failed = 0;
  for (const row of done.rows) {
    const before = model.get(row.key);
    const nameless = row.name === "#N/A" || (row.name === "" && before === undefined);
    if (seen.has(row.key) || nameless) failed += 1;
    else {
      const score = row.score === "" ? (before?.score ?? null) : row.score === "#N/A" ? null : Number(row.score);
      model.set(row.key, { name: row.name === "" ? (before?.name ?? "") : row.name, score });
    }
    seen.add(row.key);
  }
  return failed;
}

async function run(org: Org, taken: Step): Promise<number> {
  if (taken.kind === "record") {
    await org.api("PATCH", `sobjects/Contact/Ext__c/${encodeURIComponent(taken.key)}`, { LastName: taken.name });
    return 0;
  }
  if (taken.kind === "delete") {
    const [found] = await org.query(`SELECT Id FROM Contact WHERE Ext__c = '${taken.key.toUpperCase()}'`);
    if (found !== undefined)
      await org.ingest({ object: "Contact", operation: "delete" }, `Id\n${String(found["Id"])}\n`);
    return 0;
  }
  // The other case of a key means the same record.
  const rows = taken.rows.map(({ key: name, ...row }) => `${name.toUpperCase()},${row.name},${row.score}`);
  const job = await org.ingest(
    { object: "Contact", operation: "upsert", externalIdFieldName: "Ext__c" },
    `Ext__c,LastName,Score__c\n${rows.join("\n")}\n`,
  );
  return Number(job["numberRecordsFailed"]);
}

test("any sequence of loads leaves what a map would hold, and refuses exactly the rows that it should", async () => {
  const org = await startOrg();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      await org.api("POST", "/__sandbox/reset");
      const model: Model = new Map();
      for (const taken of steps) expect(await run(org, taken)).toBe(apply(model, taken));
      const live = (await org.dump("Contact")).filter((row) => row["IsDeleted"] === false);
      const stored = live.map((row) => [
        String(row["Ext__c"]).toLowerCase(),
        { name: row["LastName"], score: row["Score__c"] },
      ]);
      expect(Object.fromEntries(stored)).toEqual(
        Object.fromEntries([...model].map(([name, value]) => [name.toLowerCase(), value])),
      );
      expect(stored.length).toBe(model.size);
    }),
    { numRuns: casesOf(25) },
  );
}, 60_000);
