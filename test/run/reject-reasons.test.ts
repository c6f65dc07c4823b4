// Why rows are rejected, counted by reason: in plan, run, show, JSON and Markdown, by what is redacted not at all.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const map = `      Ext__c: id
      LastName: last
      Email: email
      Amount__c: amount
      Seen__c: { from: seen, on_null: reject }`;
const validate = `    validate:
      - { field: LastName, required: true, max_length: 5 }
      - { expr: "Amount__c < 100", message: "is too much" }
      - { expr: "LastName <> 'Zoe'", message: "is Zoe" }`;
const seen = "2026-01-01T00:00:00Z";
const rows = [
  `1,Adams,a@x.com,1,${seen}`,
  `2,,b@x.com,1,${seen}`,
  `3,,c@x.com,1,${seen}`,
  `4,,d@x.com,1,${seen}`,
  `5,Longer name,e@x.com,1,${seen}`,
  `6,Bob,not-an-address,1,${seen}`,
  `7,Cid,also-none,1,${seen}`,
  `8,Dee,f@x.com,many,${seen}`,
  `9,Eve,g@x.com,500,${seen}`,
  `10,Zoe,h@x.com,5,${seen}`,
  `11,Fay,i@x.com,5,`,
  `12,Gil,j@x.com,1,${seen}`,
  `12,Gus,k@x.com,1,${seen}`,
  `13,"a""b",l@x.com,1,${seen}`,
  "14,too,few",
];
const files = { "inbox/contacts.csv": `id,last,email,amount,seen\n${rows.join("\n")}\n` };

const found = [
  { field: "LastName", rule: "required", count: 3, example: "contacts.csv, line 3: is required and has no value" },
  {
    field: "Email",
    rule: "email",
    count: 2,
    example: 'contacts.csv, line 7: "not-an-address" is not an email address',
  },
  { field: "Ext__c", rule: "unique_key", count: 2, example: expect.stringContaining('line 13: shares its key "12"') },
  { field: "", rule: "expr", count: 1, example: 'contacts.csv, line 10: is too much (Amount__c = "500.00")' },
  { field: "", rule: "expr", count: 1, example: 'contacts.csv, line 11: is Zoe (LastName = "Zoe")' },
  { field: "", rule: "record", count: 1, example: expect.stringContaining("contacts.csv, line 16: ") },
  { field: "Amount__c", rule: "type", count: 1, example: expect.stringContaining('line 9: "many"') },
  {
    field: "LastName",
    rule: "max_length",
    count: 1,
    example: expect.stringContaining('line 6: "Longer name" has 11 characters, at most 5'),
  },
  { field: "Seen__c", rule: "on_null", count: 1, example: "contacts.csv, line 12: has no value (on_null: reject)" },
];

test("rejects are counted by field and rule, with an example of each", async () => {
  await using place = await rehearse(contactsJob({ map, stream: validate }), files);
  const { project } = place;
  const plan = (await project.run("plan", "job.yaml", "--json")).summary();
  expect(plan.streams["contacts"]?.rejectReasons).toEqual(found);

  const page = project.path("page.md");
  project.env["GITHUB_STEP_SUMMARY"] = page;
  // The target refuses one more by a rule that only it knows.
  const error = [{ statusCode: "FIELD_CUSTOM_VALIDATION_EXCEPTION", message: "no Adams <here>", fields: ["LastName"] }];
  const body = [1, 2].map(() => ({ success: false, created: false, errors: error }));
  await place.sandbox.setFaults([{ match: "PATCH /services/data/*/composite/**", do: { status: 200, body } }]);
  const run = await project.run("run", "job.yaml");
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toMatch(/^ {2} {3}3 {2}LastName +required +contacts\.csv, line 3: is required/m);
  const last = basename(project.runFolders().at(-1) ?? "");
  const shown = JSON.parse((await project.run("show", last, "--json")).stdout);
  const told = shown.streams[0].rejectReasons;
  const refusal = told.find(({ rule }: { rule: string }) => rule === "FIELD_CUSTOM_VALIDATION_EXCEPTION");
  expect(refusal).toMatchObject({ field: "LastName", example: expect.stringContaining("no Adams <here>") });
  expect(told.filter((reason: unknown) => reason !== refusal)).toEqual(expect.arrayContaining(found));
  expect((await project.run("show", last)).stdout).toMatch(/Rejected, by reason:\n.*\n +3 {2}LastName +required/);
  const markdown = readFileSync(page, "utf8");
  expect(markdown).toMatch(/^\| 3 \| LastName \| required \| contacts.csv, line 3: is required/m);
  expect(markdown).toContain("no Adams \\<here\\>");
  // The examples go with the run folder.
  expect(readFileSync(project.path(".loadline/ledger.db")).includes("not-an-address")).toBe(false);
});

test("an example shows no value of a redacted field, whoever quotes it", async () => {
  const job = contactsJob({ map, stream: validate, top: "redact: [Email, LastName, Ext__c, Amount__c]" });
  await using place = await rehearse(job, files);
  const plan = await place.project.run("plan", "job.yaml", "--json");
  const told = plan.summary().streams["contacts"]?.rejectReasons ?? [];
  expect(told.map(({ field, rule, count }) => [field, rule, count])).toEqual(
    found.map(({ field, rule, count }) => [field, rule, count]),
  );
  expect(told.find(({ rule }) => rule === "email")?.example).toBe("contacts.csv, line 7: ••• is not an email address");
  expect(told.find(({ rule }) => rule === "record")?.example).toBe("contacts.csv, line 16: •••");
  expect(plan.stdout).not.toMatch(/not-an-address|many|too,few|"12|Adams/);
});
