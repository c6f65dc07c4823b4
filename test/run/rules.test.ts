// Rules of a job: all that a row breaks is told, warnings load, a rule of severity fail stops before anything is written.

import { basename } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const map = `      Ext__c: id
      LastName: last
      Email: email
      Amount__c: amount
      Seen__c: seen`;
const rules = `    validate:
      - { field: LastName, required: true, min_length: 2, max_length: 8 }
      - { field: Ext__c, pattern: "[A-Z][0-9]+", message: "no number of the vendor" }
      - { field: Amount__c, min: 0, max: 99.5 }
      - { field: Seen__c, min: "2026-01-01T00:00:00+01:00" }
      - { field: LastName, one_of: [Adams, Brown, "", Xy] }
      - { field: Email, unique: true }
      - { field: LastName, pattern: ".*n.*", severity: warn }
      - { fields: [LastName, Amount__c], unique: true, severity: warn }`;
const seen = "2025-12-31T23:00:00Z";
const rows = [
  `A1,Adams,a@x.com,1,${seen}`,
  `B,x,b@x.com,-1,2025-12-31T22:59:59Z`,
  `A3,,c@x.com,99.51,`,
  `A4,Brown,SAME@x.com,2,${seen}`,
  `A5,Brown,same@x.com,3,${seen}`,
  `A6,Brwon,d@x.com,many,${seen}`,
  `A7,Adams,e@x.com,1,${seen}`,
  `A8,Brown,f@x.com,7,${seen}`,
];
const files = { "inbox/contacts.csv": `id,last,email,amount,seen\n${rows.join("\n")}\n` };

test("all rules that a row breaks are told, with value, field and line; warnings load and are shown", async () => {
  await using place = await rehearse(
    contactsJob({ map, stream: rules.replace(`"", `, ""), top: "redact: [Email]" }),
    files,
  );
  const { project } = place;
  const planned = await project.run("plan", "job.yaml");
  expect(planned.stdout).toContain("Loaded with a warning, by rule:");
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  const stream = run.summary().streams["contacts"];
  expect(stream).toMatchObject({ extracted: 8, rejected: 5, creates: 3, loaded: 3 });
  expect(stream?.warnings).toEqual([
    { field: "LastName", rule: "pattern", count: 2, example: 'contacts.csv, line 2: "Adams" does not match .*n.*' },
    {
      field: "LastName, Amount__c",
      rule: "unique",
      count: 2,
      example: 'contacts.csv, line 2: "Adams", "1.00" is not unique: 1 other row of this run has it; see line 8',
    },
  ]);
  const last = basename(project.runFolders().at(-1) ?? "");
  const rejects: Record<string, string>[] = parse(project.read(`.loadline/runs/${last}/rejects/contacts.csv`), {
    columns: true,
  });
  expect(rejects.map((row) => [row["loadline_line"], row["loadline_field"], row["loadline_error"]])).toEqual([
    [
      "3",
      "LastName; Ext__c; Amount__c; Seen__c",
      'LastName: "x" has 1 character, at least 2; Ext__c: no number of the vendor (Ext__c = "B"); Amount__c: "-1.00" is less than 0.00; Seen__c: "2025-12-31T22:59:59.000Z" is before 2025-12-31T23:00:00.000Z; LastName: "x" is none of: Adams, Brown, Xy; did you mean "Xy"?',
    ],
    ["4", "LastName; Amount__c", 'LastName: is required and has no value; Amount__c: "99.51" is more than 99.50'],
    ["5", "Email", "(hidden) is not unique: 1 other row of this run has it; see line 6"],
    ["6", "Email", "(hidden) is not unique: 1 other row of this run has it; see line 5"],
    [
      "7",
      "Amount__c; LastName",
      'Amount__c: "many" is not a number; LastName: "Brwon" is none of: Adams, Brown, Xy; did you mean "Brown"?',
    ],
  ]);
  const shown = await project.run("show", last, "--json");
  expect(JSON.parse(shown.stdout).streams[0].warnings).toEqual(stream?.warnings);
  expect(stream?.rejectReasons).toContainEqual({
    field: "Email",
    rule: "unique",
    count: 2,
    example: "contacts.csv, line 5: ••• is not unique: 1 other row of this run has it; see line 6",
  });
});

test("a rule of severity fail stops plan and run before anything is written, whatever rejects.max allows", async () => {
  const stream = `    validate:
      - { field: Amount__c, max: 5, severity: fail }
      - { field: Email, unique: true, severity: fail, message: one address each }`;
  await using place = await rehearse(contactsJob({ map, stream }), files);
  const { project, sandbox } = place;
  for (const command of ["plan", "run"]) {
    const ended = await project.run(command, "job.yaml", "--json");
    expect(ended.code).toBe(4);
    expect(ended.summary()).toMatchObject({
      status: command === "plan" ? "planned" : "stopped",
      stops: [
        expect.stringMatching(
          /^contacts: 2 rows break a rule of severity fail, Amount__c: max \(job\.yaml:14:\d+, validate\)$/,
        ),
        expect.stringMatching(
          /^contacts: 2 rows break a rule of severity fail, one address each \(job\.yaml:15:\d+, validate\)$/,
        ),
      ],
    });
  }
  expect((await sandbox.dump("Contact")).filter((record) => record["Ext__c"] !== null)).toEqual([]);
  // Nothing breaks them any more.
  project.write({ "inbox/contacts.csv": `id,last,email,amount,seen\nA1,Adams,a@x.com,1,${seen}\n` });
  expect((await project.run("run", "job.yaml")).code).toBe(0);
});

test("a rule that no row could meet, or that can't be compared exactly, is refused by check at its place", async () => {
  const stream = `    validate:
      - { field: LastName, pattern: "(?=x)" }
      - { field: LastName, min: 3 }
      - { field: Amount__c, min: lots }
      - { field: Amount__c, min: 5, max: 4.99 }
      - { field: Amount__c, max: 0.1234567890123 }
      - { field: Seen__c, max: "2026-02-30" }
      - { field: LastName, one_of: [Adams, ""] }
      - { field: Amount__c, one_of: [1, one] }
      - { fields: [LastName, Emial], unique: true }`;
  await using place = await rehearse(contactsJob({ map, stream: stream.replace(/\n.*Emial.*/, "") }), files);
  const { project } = place;
  const { code, stderr } = await project.run("check", "job.yaml");
  expect(code).toBe(2);
  for (const told of [
    /job\.yaml:14:\d+: the pattern can't be read: .*/,
    /job\.yaml:15:\d+: min and max go with numbers, dates and times; LastName is a string/,
    /job\.yaml:16:\d+: Amount__c: "lots" is not a number/,
    /job\.yaml:17:\d+: max is below min: no value has both/,
    /job\.yaml:18:\d+: Amount__c: the limit|job\.yaml:18:\d+: Amount__c: has more than 12 digits/,
    /job\.yaml:19:\d+: Seen__c: "2026-02-30" is not a date and time/,
    /job\.yaml:20:\d+: LastName: a blank is no value/,
    /job\.yaml:21:\d+: Amount__c: "one" is not a number/,
  ])
    expect(stderr).toMatch(told);
  project.write({ "job.yaml": contactsJob({ map, stream }) });
  expect((await project.run("check", "job.yaml")).stderr).toMatch(
    /"Emial" is not in the map[\s\S]*did you mean "Email"/,
  );
});
