// Rules over the run: what is expected of all rows together, and against what earlier runs had.

import fc from "fast-check";
import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";
import { contactsJob, rehearse } from "./support.ts";

const map = `      Ext__c: id
      LastName: last
      Email: email
      Amount__c: amount
      Seen__c: seen`;
const row = (index: number, amount = "1.10") =>
  `A${index},Adams,${index % 2 === 0 ? `a${index}@x.com` : ""},${amount},2026-01-0${(index % 9) + 1}T00:00:00Z`;
const file = (count: number, amount?: string) =>
  `id,last,email,amount,seen\n${Array.from({ length: count }, (_, index) => row(index, amount)).join("\n")}\n`;
/** Messages without the line ends of a terminal. */
const unwrapped = (text: string) => text.replaceAll(/\s+/g, " ");
const validate = (...rules: string[]) => `    validate:\n${rules.map((rule) => `      - ${rule}`).join("\n")}`;

test("a run learns what later ones are compared with, and one that falls short stops before anything is written", async () => {
  const stream = validate(
    `{ over: run, expr: "count(*) >= 0.5 * previous_median(count(*))", message: too few rows }`,
    `{ over: run, expr: "abs(sum(amount__c) - previous(sum(Amount__c))) < 10000" }`,
    `{ over: run, expr: "count(Email) >= 0.4 * count(*)" }`,
  );
  await using place = await rehearse(contactsJob({ map, stream }), { "inbox/contacts.csv": file(10) });
  const { project, sandbox } = place;
  const first = await project.run("run", "job.yaml");
  expect(first.code, first.stderr).toBe(0);
  const told = unwrapped(first.stderr);
  expect(told).toMatch(/contacts: too few rows passes: no earlier run to compare with \(job\.yaml:14:\d+, validate\)/);
  expect(told).toMatch(/< 10000 passes: no earlier run to compare with \(job\.yaml:15:\d+, validate\)/);
  expect(told).not.toContain("count(Email)");
  // Rows of a run that takes some only, and those of a plan, are not what a run has.
  project.write({ "inbox/contacts.csv": file(1, "2") });
  const limited = await project.run("run", "job.yaml", "--limit", "1");
  expect(unwrapped(limited.stderr)).toContain(
    "contacts: rules over the run are not judged: --limit takes some of the rows only",
  );
  expect(limited.code, limited.stderr).toBe(0);
  expect((await project.run("run", "job.yaml", "--streams", "contacts")).code).toBe(4);
  project.write({ "inbox/contacts.csv": file(30, "3") });
  expect((await project.run("plan", "job.yaml")).code).toBe(0);
  project.write({ "inbox/contacts.csv": file(20, "4.25") });
  const second = await project.run("run", "job.yaml");
  expect(second.code, second.stderr).toBe(0);
  expect(second.stderr).not.toContain("no earlier run");
  project.write({ "inbox/contacts.csv": file(7, "5000") });
  const planned = await project.run("plan", "job.yaml", "--json");
  expect(planned.code).toBe(4);
  const before = await sandbox.dump("Contact");
  const stopped = await project.run("run", "job.yaml", "--json");
  expect(stopped.code).toBe(4);
  expect(stopped.summary()).toMatchObject({
    status: "stopped",
    stops: [
      expect.stringMatching(
        /^contacts: 7 rows break a rule over the run, too few rows: count\(\*\) = 7, previous_median\(count\(\*\)\) = 15\.0 \(job\.yaml:14:\d+, validate\)$/,
      ),
      expect.stringMatching(
        /^contacts: 7 rows break a rule over the run, abs\(.*: sum\(Amount__c\) = 35000\.00\d*, previous\(sum\(Amount__c\)\) = 85\.00\d* \(job\.yaml:15:\d+, validate\)$/,
      ),
    ],
  });
  expect(planned.summary().stops).toEqual(stopped.summary().stops);
  expect(await sandbox.dump("Contact")).toEqual(before);
  // A plan that is applied is a run as others.
  project.write({ "inbox/contacts.csv": file(12, "6") });
  const { run: plan } = (await project.run("plan", "job.yaml", "--json")).summary();
  expect((await project.run("apply", plan ?? "")).code).toBe(0);
  project.write({ "inbox/contacts.csv": file(6, "7") });
  const third = await project.run("run", "job.yaml", "--json");
  expect(third.code, third.stderr).toBe(0);
});

test("a rule of severity warn is told with its values; none that is hidden is; rejects and duplicates are not among the rows", async () => {
  const stream = validate(
    `{ over: run, expr: "count(*) > 3 AND max(Seen__c) IS NULL", severity: warn, message: few }`,
    `{ over: run, expr: "min(Email) > 'b' AND count(DISTINCT Email) > 9", severity: warn }`,
    `{ over: run, expr: "min(LastName) = 'Z'", severity: warn }`,
    `{ over: run, expr: "sum(Amount__c) FILTER (WHERE LastName = 'nobody') > 1" }`,
    `{ field: Amount__c, max: 100 }`,
  ).replace("    validate", "    dedupe: { by: [Ext__c], keep: last }\n    validate");
  await using place = await rehearse(contactsJob({ map, stream, top: "redact: [Email]" }), {
    "inbox/contacts.csv": `${file(2)}${row(1)}\n${row(5, "101")}\n${row(6, "many")}\n`,
  });
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams["contacts"]?.warnings).toEqual([
    {
      field: "",
      rule: "over",
      count: 1,
      example: expect.stringMatching(/^few: count\(\*\) = 2, max\(Seen__c\) = 2026-01-02/),
    },
    {
      field: "",
      rule: "over",
      count: 1,
      example: expect.stringMatching(/^min\(Email\) > 'b'.*: min\(Email\) = \(hidden\), count\(DISTINCT Email\) = 1$/),
    },
    { field: "", rule: "over", count: 1, example: "min(LastName) = 'Z': min(LastName) = (a text)" },
  ]);
  expect(unwrapped(run.stderr)).toMatch(
    /passes: it is NULL with sum\(Amount__c\) FILTER \(WHERE \(LastName = 'nobody'\)\) = NULL/,
  );
  expect(run.stdout + run.stderr).not.toContain("a0@x.com");
});

test("an expression that is no sentence about a run is refused by check at its place, with what to write", async () => {
  const refused: [string, string][] = [
    ["Amount__c > 1", `"Amount__c" stands outside of an aggregate`],
    ["1 < 2", "here is none"],
    ["count(Emial) > 1", `stream contacts maps no field "Emial"`],
    ["sum(count(*)) > 1", "count can't stand within sum"],
    ["first(Email) = 'x'", "the function first can't be used in a job"],
    ["count(*)", "the expression gives BIGINT, true or false is wanted"],
    ["previous(Amount__c) > 1", "previous takes one aggregate"],
    ["previous(count(*), 3) > 1", "previous can't be called so"],
    ["previous_median(count(*), 0) > 1", "previous_median can't be called so"],
    ["previous(min(LastName)) = 'x'", "min gives VARCHAR here"],
    ["previous(sum(Amount__c)) > 1", "sum of Amount__c, which is under redact, would be kept"],
    ["sum(CAST(Email AS DOUBLE)) > 1", "sum of floating-point numbers depends on the order of the rows"],
    ["sum(LastName) > 1", "sum can't be given text"],
    ["Email.count() > 1", "an aggregate is no method"],
    [
      "count(*) FILTER (WHERE phone(Email, 'XX') IS NULL) > 1",
      'phone: "XX" as its country: no country is known by this name',
    ],
    ["min(parse_decimal(Email, 'xx')) > 1", `the locale "xx" is not known`],
    ["country_name(min(LastName), 'xx') = 'x'", "country_name: "],
  ];
  const stream = validate(...refused.map(([expr]) => `{ over: run, expr: "${expr}" }`));
  await using place = await rehearse(contactsJob({ map, stream, top: "redact: [Amount__c]" }), {
    "inbox/contacts.csv": file(1),
  });
  const { code, stderr } = await place.project.run("check", "job.yaml");
  expect(code).toBe(2);
  for (const [index, [expr, message]] of refused.entries()) {
    const told = stderr.split("\n").filter((line) => line.startsWith(`job.yaml:${14 + index}:`));
    expect(told, expr).toEqual([expect.stringContaining(message)]);
  }
  expect(stderr).toContain("write previous(<aggregate>): its value in the last settled run");
});

interface Made {
  amount: number;
  day: number;
  flag: boolean;
  word: string;
}

const dayOf = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10);
const shownCents = (cents: number) => (cents / 100).toFixed(2);

test("aggregates of a file's rows are those by hand, in whatever order the rows come", async () => {
  const made = fc.record({
    amount: fc.integer({ min: -1e9, max: 1e9 }),
    day: fc.integer({ min: -30_000, max: 30_000 }),
    flag: fc.boolean(),
    word: fc.constantFrom("a", "b", "ä", 'O\'Neil, "x"'),
  });
  const [rows = []] = fc.sample(fc.array(made, { minLength: 60, maxLength: 60 }), { numRuns: 1, seed: 7 });
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const text = (of: readonly Made[]) =>
    `id,amount,day,flag,word,big\n${of.map((one, index) => `${index},${shownCents(one.amount)},${dayOf(one.day)},${one.flag},${quote(one.word)},9007199254740993\n`).join("")}`;
  const asked = (of: readonly Made[]) => ({
    "count(*)": String(of.length),
    "count(DISTINCT Word)": String(new Set(of.map(({ word }) => word)).size),
    "count_if((Word = 'O''Neil, \"x\"'))": String(of.filter(({ word }) => word.startsWith("O")).length),
    "sum(Amount)": shownCents(of.reduce((sum, { amount }) => sum + amount, 0)),
    "sum(Amount) FILTER (WHERE Flag)": shownCents(of.reduce((sum, one) => sum + (one.flag ? one.amount : 0), 0)),
    "min(Amount)": shownCents(Math.min(...of.map(({ amount }) => amount))),
    "max(Born)": dayOf(Math.max(...of.map(({ day }) => day))),
    "bool_and(Flag)": String(of.every(({ flag }) => flag)),
    "max(Seen)": `${dayOf(Math.max(...of.map(({ day }) => day)))} 10:00:00+00`,
    "quantile_disc(Amount, 0.5)": shownCents(of.map(({ amount }) => amount).toSorted((a, b) => a - b)[29] ?? 0),
  });
  const never = Object.keys(asked(rows)).map((aggregate) => `${aggregate} IS NULL`);
  const exact = "max(Big) = 9007199254740993 AND count(*) FILTER (WHERE Big = 9007199254740993) = count(*)";
  await using project = createProject({
    "connections.yaml":
      "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n  out: { type: file, path: ./out }\n",
    "job.yaml": `version: 1
name: export
streams:
  people:
    source: { connection: drop, files: "people.csv" }
    target: { connection: out, files: "people.csv", mode: replace }
    map:
      Id: id
      Amount: CAST(amount AS DECIMAL(18, 2))
      Born: CAST(day AS DATE)
      Seen: CAST(day || 'T10:00:00Z' AS TIMESTAMPTZ)
      Flag: CAST(flag AS BOOLEAN)
      Word: word
      Big: CAST(big AS BIGINT)
    validate:
      - { over: run, expr: "${exact}" }
      - over: run
        severity: warn
        message: never
        expr: |
          ${never.join("\n          AND ")}
`,
    "out/.keep": "",
  });
  for (const order of [rows, rows.toReversed()]) {
    project.write({ "inbox/people.csv": text(order) });
    const run = await project.run("run", "job.yaml", "--json");
    expect(run.code, run.stderr).toBe(0);
    const told = Object.entries(asked(rows)).map(([aggregate, value]) => `${aggregate} = ${value}`);
    expect(run.summary().streams["people"]?.warnings?.map(({ example }) => example)).toEqual([
      `never: ${told.join(", ")}`,
    ]);
  }
});
