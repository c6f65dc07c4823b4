// Rules as the engine judges them against the same rules by hand, for values of each type that are made up at random.

import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { expect, test } from "vitest";
import { contactsJob, rehearse, schema } from "./support.ts";

const text = { type: "string", length: 40 };
const { Contact, ...others } = schema.salesforce;
const objects = {
  salesforce: {
    ...others,
    Contact: { fields: { ...Contact.fields, Born__c: { type: "date" }, Word__c: text, Tag__c: text } },
  },
};
const map = ["Ext__c: id", "LastName: last", "Amount__c: amount", "Born__c: born", "Seen__c: seen", "Word__c: word"]
  .concat("Tag__c: tag")
  .map((line) => `      ${line}`)
  .join("\n");
const stream = `    validate:
      - { field: LastName, required: true, min_length: 2, max_length: 5 }
      - { field: Ext__c, pattern: "[A-Z]\\\\d+" }
      - { field: Amount__c, min: -10.5, max: 99.99 }
      - { field: Born__c, min: "1990-01-01", max: "2000-12-31" }
      - { field: Seen__c, min: "2026-01-01T00:00:00+01:00" }
      - { field: Word__c, one_of: [Hot, "O'Neil", Übel] }
      - { field: Tag__c, unique: true }
      - { expr: "Amount__c >= 0 OR Word__c = 'Hot'" }`;

interface Made {
  key: "A" | "a" | "AB";
  last: string;
  cents: number | undefined;
  born: number | undefined;
  /** Seconds, and the offset in hours that they are written with. */
  seen: [number, number] | undefined;
  word: string;
  tag: number | undefined;
}

const perhaps = <T>(made: fc.Arbitrary<T>) => fc.option(made, { nil: undefined, freq: 6 });
const limit = Date.parse("2026-01-01T00:00:00+01:00") / 1000;
const row: fc.Arbitrary<Made> = fc.record({
  key: fc.constantFrom("A" as const, "A" as const, "A" as const, "a" as const, "AB" as const),
  last: fc.array(fc.constantFrom("x", "é", "😀", "ß"), { maxLength: 6 }).map((letters) => letters.join("")),
  cents: perhaps(fc.oneof(fc.constantFrom(-1050, -1051, 9999, 10_000, 0), fc.integer({ min: -300, max: 9999 }))),
  born: perhaps(fc.oneof(fc.constantFrom(7305, 7304, 11_322, 11_323), fc.integer({ min: 7305, max: 11_322 }))),
  seen: perhaps(fc.tuple(fc.integer({ min: limit - 1, max: limit + 6 }), fc.integer({ min: -11, max: 11 }))),
  word: fc.constantFrom("Hot", "Hot", "O'Neil", "Übel", "Cold", ""),
  tag: perhaps(fc.integer({ min: 1, max: 40 })),
});

const dayOf = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10);

function writeInstant([seconds, hours]: [number, number]): string {
  const local = new Date((seconds + hours * 3600) * 1000).toISOString().slice(0, 19);
  return `${local}${hours < 0 ? "-" : "+"}${String(Math.abs(hours)).padStart(2, "0")}:00`;
}

function write({ key, last, cents, born, seen, word, tag }: Made, index: number): string {
  return [
    `${key}${index}`,
    last,
    cents === undefined ? "" : (cents / 100).toFixed(2),
    born === undefined ? "" : dayOf(born),
    seen === undefined ? "" : writeInstant(seen),
    word,
    tag === undefined ? "" : `t${tag}`,
  ].join(",");
}

/** The rules that a row breaks by itself. */
function judge({ key, last, cents, born, seen, word }: Made): string[] {
  const length = [...last].length;
  const isBelow = cents !== undefined && cents < 0 && word !== "Hot" && word !== "";
  const broken = {
    "LastName required": length === 0,
    "LastName min_length": length === 1,
    "LastName max_length": length > 5,
    "Ext__c pattern": key !== "A",
    "Amount__c min": cents !== undefined && cents < -1050,
    "Amount__c max": cents !== undefined && cents > 9999,
    "Born__c min": born !== undefined && dayOf(born) < "1990-01-01",
    "Born__c max": born !== undefined && dayOf(born) > "2000-12-31",
    "Seen__c min": seen !== undefined && seen[0] < limit,
    "Word__c one_of": word === "Cold",
    " expr": isBelow,
  };
  return Object.entries(broken).flatMap(([name, isBroken]) => (isBroken ? [name] : []));
}

test("rules reject the rows that they reject by hand, each with its fields, in whatever order and files the rows come", async () => {
  const [made = []] = fc.sample(fc.array(row, { minLength: 400, maxLength: 400 }), { numRuns: 1, seed: 12 });
  const broken = new Map(made.map((one, index) => [`${one.key}${index}`, judge(one)]));
  const good = made
    .map((one, index) => ({ id: `${one.key}${index}`, tag: one.tag }))
    .filter(({ id }) => broken.get(id)?.length === 0);
  for (const [tag, sharing] of Map.groupBy(good, (one) => one.tag)) {
    if (tag === undefined || sharing.length === 1) continue;
    for (const { id } of sharing) broken.set(id, ["Tag__c unique"]);
  }
  // Each rule is broken by some, and some rows break none.
  expect(new Set([...broken.values()].flat()).size).toBe(12);
  expect([...broken.values()].filter((names) => names.length === 0).length).toBeGreaterThan(15);
  const rejected = [...broken].filter(([, names]) => names.length > 0);
  const expected = new Map(rejected.map(([id, names]) => [id, new Set(names.map((name) => name.split(" ")[0] ?? ""))]));
  const lines = made.map(write);
  const head = "id,last,amount,born,seen,word,tag\n";
  await using place = await rehearse(contactsJob({ map, stream }), {}, objects);
  const { project } = place;
  for (const order of [lines, lines.toReversed()]) {
    const half = order === lines ? order.length : 170;
    project.write({
      "inbox/contacts1.csv": `${head}${order.slice(0, half).join("\n")}\n`,
      "inbox/contacts2.csv": `${head}${order.slice(half).join("\n")}\n`,
    });
    const plan = await project.run("plan", "job.yaml", "--json");
    expect(plan.code, plan.stderr).toBe(0);
    const { run, streams } = plan.summary();
    const rejects: Record<string, string>[] = parse(project.read(`.loadline/runs/${run}/rejects/contacts.csv`), {
      columns: true,
    });
    const told = new Map(
      rejects.map((one) => [
        one["id"],
        new Set((one["loadline_field"] ?? "").split("; ").filter((name) => name !== "")),
      ]),
    );
    const wanted = new Map([...expected].map(([id, names]) => [id, new Set([...names].filter((name) => name !== ""))]));
    expect(told).toEqual(wanted);
    expect(streams["contacts"]).toMatchObject({
      extracted: made.length,
      rejected: rejected.length,
      creates: made.length - rejected.length,
    });
    const counts = new Map<string, number>();
    for (const name of [...broken.values()].flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const { field, rule, count } of streams["contacts"]?.rejectReasons ?? [])
      expect([field, rule, count]).toEqual([field, rule, counts.get(`${field} ${rule}`)]);
  }
});
