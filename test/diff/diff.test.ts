import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scanTimes } from "../../src/pipeline/diff/field-times.ts";
import { type Diff, type Field, idOf, type Present, Rig } from "../stage/rig.ts";
import { casesOf } from "../support/cases.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig[Symbol.dispose]());

const fields: Record<string, Field> = {
  Key__c: { kind: "text" },
  Name: { kind: "text" },
  Amount__c: { kind: "number", scale: 2 },
  Active__c: { kind: "boolean" },
  Born__c: { kind: "date" },
  Seen__c: { kind: "datetime" },
};

function streamOf(mode: string, map: string, rest = ""): string {
  return `
source: { connection: drop, files: "*", optional: [extra] }
target: { connection: org, object: Thing, key: Key__c, mode: ${mode}${rest.startsWith("scope") ? `, ${rest}` : ""} }
map: { ${map} }
${rest.startsWith("scope") ? "" : rest}`;
}

const keyAndName = "Key__c: key, Name: name";

interface Row {
  key: string;
  name: string;
}

interface Change {
  action: string;
  id: string | null;
  value: string | null;
}

function write(rows: readonly Row[]): string {
  return stringify(
    rows.map(({ key, name }) => [key, name]),
    { header: true, columns: ["key", "name"], quoted: true },
  );
}

/** What a plan comes to, in words. */
function describePlan({ plan }: Diff): string[] {
  return plan.map(({ action, key, changed, before, after }) => {
    const changes = changed.map((name) => `${name} ${before[name] ?? "-"} → ${after[name] ?? "-"}`);
    return [action, key, ...(action === "delete" ? [] : changes)].join(" ");
  });
}

function expectAddsUp({ counts }: Diff): void {
  const { filtered, duplicates, rejected, unmatched, creates, updates, deletes, unchanged, conflicts } = counts;
  const sum = filtered + duplicates + rejected + unmatched + creates + updates + deletes + unchanged + conflicts;
  expect(sum).toBe(counts.extracted);
}

describe("laws", () => {
  const name: fc.Arbitrary<string> = fc.constantFrom("", "Ann", " Ann ", "ann", "Bob", "a\nb");
  const key: fc.Arbitrary<string> = fc.constantFrom("K1", "K2", "K3", "K4", "K5");
  const rows: fc.Arbitrary<Row[]> = fc.uniqueArray(fc.record({ key, name }), { selector: (row) => row.key });
  const stored = (text: string) => text.trim() || null;

  test("applying the plan makes the target what the source says, and then there is nothing to do", async () => {
    await fc.assert(
      fc.asyncProperty(rows, rows, fc.boolean(), async (source, target, clear) => {
        const map = `Key__c: key, Name: { from: name, on_null: ${clear ? "clear" : "skip"} }`;
        const present: Present[] = target.map((row) => ({ Key__c: row.key, Name: stored(row.name) }));
        const diff = await rig.plan(streamOf("mirror", map), fields, { "a.csv": write(source) }, present);
        expectAddsUp(diff);

        const applied = new Map(target.map((row, index) => [idOf(index), { Key__c: row.key, Name: stored(row.name) }]));
        for (const { action, id, after, changed } of diff.plan) {
          const record = applied.get(id ?? "");
          if (action === "delete") applied.delete(id ?? "");
          else if (action === "create")
            applied.set(`new ${after["Key__c"]}`, { Key__c: after["Key__c"] ?? "", Name: after["Name"] ?? null });
          else if (record !== undefined && changed.includes("Name")) record.Name = after["Name"] ?? null;
        }
        const before = new Map(target.map((row) => [row.key, stored(row.name)]));
        const wanted = source.map((row) => {
          const kept = clear ? null : (before.get(row.key) ?? null);
          return { Key__c: row.key, Name: stored(row.name) ?? kept };
        });
        const byKey = (left: Present, right: Present) => String(left["Key__c"]).localeCompare(String(right["Key__c"]));
        expect([...applied.values()].sort(byKey)).toEqual(wanted.sort(byKey));

        const again = await rig.plan(streamOf("mirror", map), fields, { "a.csv": write(source) }, [
          ...applied.values(),
        ]);
        expect(again.plan).toEqual([]);
        expect(again.counts).toMatchObject({ extracted: source.length, unchanged: source.length });
      }),
      { numRuns: casesOf(40) },
    );
  });

  test("the plan is that of a comparison in memory", async () => {
    await fc.assert(
      fc.asyncProperty(rows, rows, async (source, target) => {
        const present = target.map((row) => ({ Key__c: row.key, Name: stored(row.name) }));
        const diff = await rig.plan(streamOf("upsert", keyAndName), fields, { "a.csv": write(source) }, present);
        const expected = source.flatMap((row): Change[] => {
          const index = target.findIndex((other) => other.key === row.key);
          const value = stored(row.name);
          if (index < 0) return [{ action: "create", id: null, value }];
          if (value === null || value === stored(target[index]?.name ?? "")) return [];
          return [{ action: "update", id: idOf(index), value }];
        });
        const sorted = (list: Change[]) => list.map((one) => JSON.stringify(one)).sort();
        const found = diff.plan.map(({ action, id, after }) => ({ action, id, value: after["Name"] ?? null }));
        expect(sorted(found)).toEqual(sorted(expected));
      }),
      { numRuns: casesOf(40) },
    );
  });
});

describe("values are compared as the target stores them", () => {
  test.each([
    ["Amount__c", "1", "1.0"],
    ["Amount__c", "10000000", "1.0E7"],
    ["Amount__c", "", null],
    ["Active__c", "TRUE", "true"],
    ["Active__c", "0", "false"],
    ["Born__c", "2020-1-2", "2020-01-02"],
    ["Seen__c", "2020-01-02T05:04:05+02:00", "2020-01-02T03:04:05.000+0000"],
    ["Seen__c", "2020-07-02 05:04:05", "2020-07-02T03:04:05.000Z"],
    ["Name", " Ann ", "Ann"],
    ["Name", "a\r\nb", "a\nb"],
    ["Name", "a\nb", "a\r\nb"],
    ["Name", "  ", null],
  ])("%s: %j and %j are the same", async (column, given, present) => {
    const content = stringify(
      [
        ["key", "x"],
        ["k1", given],
      ],
      { quoted: true },
    );
    const map = `Key__c: key, ${column}: { from: x, on_null: clear }`;
    const { plan, counts } = await rig.plan(streamOf("upsert", map), fields, { "a.csv": content }, [
      { Key__c: "k1", [column]: present },
    ]);
    expect(plan).toEqual([]);
    expect(counts.unchanged).toBe(1);
  });

  test.each([
    ["Amount__c", "1.01", "1.00"],
    ["Name", "ann", "Ann"],
    ["Name", "a  b", "a b"],
    ["Active__c", "false", "true"],
    ["Seen__c", "2020-01-02 05:04:05", "2020-01-02T03:04:05.000Z"],
  ])("%s: %j and %j differ", async (column, given, present) => {
    const content = stringify(
      [
        ["key", "x"],
        ["k1", given],
      ],
      { quoted: true },
    );
    const { plan } = await rig.plan(streamOf("upsert", `Key__c: key, ${column}: x`), fields, { "a.csv": content }, [
      { Key__c: "k1", [column]: present },
    ]);
    expect(plan).toMatchObject([{ action: "update", id: idOf(0), changed: [column] }]);
  });
});

describe("keys", () => {
  test("are the same in any case, and the target's case stays, unless the field tells cases apart", async () => {
    const files = { "a.csv": "key,name\nK1,new\n" };
    const present = [{ Key__c: "k1", Name: "old" }];
    const same = await rig.plan(streamOf("upsert", keyAndName), fields, files, present);
    expect(describePlan(same)).toEqual(["update k1 Name old → new"]);
    const strict = { ...fields, Key__c: { kind: "text", caseSensitive: true } } as const;
    const apart = await rig.plan(streamOf("upsert", keyAndName), strict, files, present);
    expect(apart.plan).toMatchObject([{ action: "create", key: "K1" }]);
  });

  test("rows that share one are all rejected, by name, where no rule says which counts", async () => {
    const staged = await rig.stage(streamOf("upsert", keyAndName), fields, {
      "a.csv": "key,name\nK1,a\nk1,b\nK2,c\nK1,d\n",
    });
    const diff = await rig.diff(staged);
    expectAddsUp(diff);
    expect(diff.counts).toMatchObject({ rejected: 3, creates: 1 });
    const reasons = await rig.engine.all("SELECT _row_, _reason_ FROM left_behind ORDER BY _row_");
    expect(reasons.map(({ _row_ }) => _row_)).toEqual([0, 1, 3]);
    expect(reasons[0]?.["_reason_"]).toBe(
      'Key__c\u001funique_key@1\u001fshares its key "K1" with 2 other rows of this run; a dedupe rule would say which one counts',
    );
  });

  test.each([
    ["last", ["create k1 Key__c - → k1 Name - → b", "create k2 Key__c - → K2 Name - → c"]],
    ["first", ["create k1 Key__c - → K1 Name - → a", "create k2 Key__c - → K2 Name - → c"]],
  ])("dedupe keeps the %s of a record", async (keep, expected) => {
    const rule = `dedupe: { by: [Key__c], keep: ${keep} }`;
    const diff = await rig.plan(streamOf("upsert", keyAndName, rule), fields, {
      "a.csv": "key,name\nK1,a\n",
      "b.csv": "key,name\nk1,b\nK2,c\n",
    });
    expect(describePlan(diff).sort()).toEqual(expected);
    expect(diff.counts.duplicates).toBe(1);
    expectAddsUp(diff);
  });

  test("a row without the fields that dedupe goes by is never merged; a key that is then still shared is rejected", async () => {
    const rule = "dedupe: { by: [Name, Key__c], keep: last }";
    const diff = await rig.plan(streamOf("upsert", keyAndName, rule), fields, {
      "a.csv": "key,name\nK1,\nK1,\nK2,a\nK2,a\nK3,a\nK3,b\n",
    });
    expect(diff.counts).toMatchObject({ duplicates: 1, rejected: 4, creates: 1 });
    expectAddsUp(diff);
  });

  test("a blank key is rejected, and a record without one in the target is nobody's match", async () => {
    const diff = await rig.plan(streamOf("upsert", keyAndName), fields, { "a.csv": "key,name\n,a\nK1,b\n" }, [
      { Key__c: null, Name: "a" },
    ]);
    expect(diff.counts).toMatchObject({ rejected: 1, creates: 1, updates: 0 });
    expectAddsUp(diff);
  });

  test("a composite key of an insert is unique as a whole", async () => {
    const stream = streamOf("insert", keyAndName).replace("key: Key__c", "key: [Key__c, Name]");
    const diff = await rig.plan(stream, fields, { "a.csv": "key,name\nK1,a\nK1,b\nK1,A\nK2,\n" });
    expect(diff.counts).toMatchObject({ creates: 1, rejected: 3 });
    expectAddsUp(diff);
  });

  test("two records of the target with one key are a conflict, whether they differ or not", async () => {
    const files = { "a.csv": "key,name\nK1,a\nK2,b\n" };
    const present = ["a", "a", "x"].map((value) => ({ Key__c: "K1", Name: value }));
    const diff = await rig.plan(streamOf("upsert", keyAndName), fields, files, present);
    expect(diff.counts).toMatchObject({ conflicts: 1, creates: 1, updates: 0 });
    expectAddsUp(diff);
  });
});

describe("modes", () => {
  const files = { "a.csv": "key,name\nK1,new\nK2,b\n" };
  const present: Present[] = [
    { Key__c: "K1", Name: "old", Scope: "mine" },
    { Key__c: "K9", Name: "gone", Scope: "mine" },
    { Key__c: "K8", Name: "gone too", Scope: "others" },
    { Key__c: null, Name: "without a key", Scope: "mine" },
  ];

  test.each([
    ["upsert", ["create k2 Key__c - → K2 Name - → b", "update k1 Name old → new"], {}],
    ["update", ["update k1 Name old → new"], { unmatched: 1 }],
    ["insert", ["create k1 Key__c - → K1 Name - → new", "create k2 Key__c - → K2 Name - → b"], {}],
    ["delete", ["delete k1"], { unmatched: 1, deletes: 1 }],
    [
      "mirror",
      ["create k2 Key__c - → K2 Name - → b", "delete k8", "delete k9", "update k1 Name old → new"],
      { mirrorDeletes: 2, deletes: 0 },
    ],
  ])("%s", async (mode, expected, counts) => {
    const diff = await rig.plan(streamOf(mode, keyAndName), fields, files, present);
    expect(describePlan(diff).sort()).toEqual(expected);
    expect(diff.counts).toMatchObject(counts);
    expectAddsUp(diff);
  });

  test("mirror deletes nothing outside of its scope", async () => {
    const diff = await rig.plan(streamOf("mirror", keyAndName, "scope: mine"), fields, files, present);
    expect(describePlan(diff).filter((text) => text.startsWith("delete"))).toEqual(["delete k9"]);
  });

  test("mirror does not delete the record of a row that was rejected", async () => {
    const stream = streamOf("mirror", keyAndName, "validate: [ { field: Name, required: true } ]");
    const diff = await rig.plan(stream, fields, { "a.csv": "key,name\nk1,\n" }, present.slice(0, 1));
    expect(diff.plan).toEqual([]);
    expect(diff.counts).toMatchObject({ rejected: 1, mirrorDeletes: 0 });
  });

  test("mirror keeps what a delete would lose", async () => {
    const diff = await rig.plan(streamOf("mirror", keyAndName), fields, files, present);
    const gone = diff.plan.filter(({ action }) => action === "delete");
    expect(gone.map(({ before }) => before["Name"]).sort()).toEqual(["gone", "gone too"]);
  });

  test("a small load first (limit, keys) touches only its rows and deletes nothing", async () => {
    const staged = await rig.stage(streamOf("mirror", keyAndName), fields, files, { present });
    const limited = await rig.diff(staged, { limit: 1 });
    expect(describePlan(limited)).toEqual(["update k1 Name old → new"]);
    expectAddsUp(limited);
    const named = await rig.diff(staged, { keys: ["K2", "K7"] });
    expect(describePlan(named)).toEqual(["create k2 Key__c - → K2 Name - → b"]);
    expectAddsUp(named);
  });
});

describe("what an empty value and a policy mean", () => {
  test.each([
    ["on_null: skip", []],
    ["on_null: clear", ["update k1 Name old → -"]],
  ])("%s", async (setting, expected) => {
    const map = `Key__c: key, Name: { from: name, ${setting} }`;
    const diff = await rig.plan(streamOf("upsert", map), fields, { "a.csv": "key,name\nK1,\n" }, [
      { Key__c: "K1", Name: "old" },
    ]);
    expect(describePlan(diff)).toEqual(expected);
  });

  test("clearing a checkbox means false", async () => {
    const map = "Key__c: key, Active__c: { from: active, on_null: clear }";
    const diff = await rig.plan(streamOf("upsert", map), fields, { "a.csv": "key,active\nK1,\nK2,\n" }, [
      { Key__c: "K1", Active__c: "true" },
      { Key__c: "K2", Active__c: "false" },
    ]);
    expect(describePlan(diff)).toEqual(["update k1 Active__c true → false"]);
  });

  test.each([
    ["overwrite", ["update k1 Name old → new", "update k2 Name - → new"]],
    ["fill_empty", ["update k2 Name - → new"]],
    ["create_only", []],
  ])("policy %s", async (policy, expected) => {
    const map = `Key__c: key, Name: { from: name, policy: ${policy} }`;
    const diff = await rig.plan(streamOf("upsert", map), fields, { "a.csv": "key,name\nK1,new\nK2,new\n" }, [
      { Key__c: "K1", Name: "old" },
      { Key__c: "K2", Name: null },
    ]);
    expect(describePlan(diff)).toEqual(expected);
  });

  test("a field mapped from a column that a file lacks is left alone for the rows of that file", async () => {
    const map = "Key__c: key, Name: { from: extra, on_null: clear }";
    const files = { "1.csv": "key,extra\nK1,\n", "2.csv": "key\nK2\n" };
    const diff = await rig.plan(streamOf("upsert", map), fields, files, [
      { Key__c: "K1", Name: "old" },
      { Key__c: "K2", Name: "old" },
    ]);
    expect(describePlan(diff)).toEqual(["update k1 Name old → -"]);
  });
});

test("no rows on either side is a plan of nothing", async () => {
  const diff = await rig.plan(streamOf("mirror", keyAndName), fields, { "a.csv": "key,name\n" });
  expect(diff.plan).toEqual([]);
  expect(diff.counts.extracted).toBe(0);
});

test("a record that is told for several ids is compared once", async () => {
  const path = join(rig.folder, "times.csv");
  writeFileSync(path, "id,Name\nr1,2026-01-01\nr1,2026-01-01\nr2,\n");
  const [count] = await rig.engine.all(`SELECT CAST(count(*) AS INTEGER) AS rows FROM ${scanTimes([path], ["Name"])}`);
  expect(count).toEqual({ rows: 2 });
});
