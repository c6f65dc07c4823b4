// What check finds before a row is read, through the real program.

import { expect, test } from "vitest";
import { answerJson, startRelay } from "../support/relay.ts";
import { connections, type Sandbox } from "../support/rig.ts";
import { contactsJob, rehearse, schema } from "./support.ts";

const objects = {
  salesforce: {
    ...schema.salesforce,
    Contact: {
      fields: {
        ...schema.salesforce.Contact.fields,
        Short__c: { type: "string", length: 5 },
        Level__c: { type: "picklist", values: ["Gold", "Silver"], restricted: true },
        Open__c: { type: "picklist", values: ["Gold"], restricted: false },
        Tags__c: { type: "multipicklist", values: ["a", "b"], restricted: true },
        Since__c: { type: "date" },
        Needed__c: { type: "string", length: 10, required: true },
      },
    },
  },
};

const input = { "inbox/contacts.csv": "id,last,email\n1,Adams,a@x.com\n" };
const base = "      Ext__c: id\n      LastName: last\n      Needed__c: last\n";

async function check(map: string, mode = "upsert") {
  await using place = await rehearse(contactsJob({ map: `${base}${map}`, mode }), input, objects);
  const { code, stdout, stderr } = await place.project.run("check", "job.yaml");
  return { code, stdout, stderr, jobs: await place.sandbox.jobs() };
}

test("a job that fits is told with the org and what is left of its day", async () => {
  const { code, stdout } = await check("      Level__c: \"case when email = '' then 'Gold' else 'Silver' end\"");
  expect(code).toBe(0);
  expect(stdout).toMatch(/salesforce: signed in, org 00D\S+, 99,99\d of 100,000 API calls of the day left/);
  expect(stdout).toContain("contacts: 4 fields");
});

test("constants that a field would refuse are told at their place, all at once", async () => {
  const { code, stderr } = await check(`      Short__c: "case when email = '' then 'none' else 'unknown' end"
      Level__c: coalesce(nullif(last, ''), 'Bronze')
      Open__c: "'Anything'"
      Tags__c: "'a;c'"
      Since__c: "'soon'"
      Amount__c: "if(email = '', '0', 'n/a')"
      Email: "'nobody'"`);
  expect(code).toBe(2);
  expect(stderr).toMatch(/job\.yaml:17:\d+: Email: "nobody" is not an email address/);
  expect(stderr).toContain(`job.yaml:11:56: Short__c: the text has 7 characters, the field takes 5
  11 |       Short__c: "case when email = '' then 'none' else 'unknown' end"
     |                                                        ~~~~~~~~~`);
  expect(stderr).toMatch(/job\.yaml:12:\d+: Level__c: "Bronze" is not in its restricted picklist \(Gold, Silver\)/);
  expect(stderr).toMatch(/job\.yaml:14:\d+: Tags__c: "c" is not in its restricted picklist \(a, b\)/);
  expect(stderr).toMatch(/job\.yaml:15:\d+: Since__c: "soon" is not a date/);
  expect(stderr).toMatch(/job\.yaml:16:\d+: Amount__c: "n\/a" is not a number/);
  expect(stderr).not.toContain("Open__c:");
  expect(stderr.match(/^job\.yaml/gm)).toHaveLength(6);
});

test("expressions of a type that a field can never take are told, by run too, before anything is written", async () => {
  const map = `      Since__c: email = ''
      Seen__c: length(email)
      Amount__c: "DATE '2026-01-01'"
      Active__c: "email = ''"`;
  const { code, stderr } = await check(map);
  expect(code).toBe(2);
  expect(stderr).toContain("job.yaml:11:17: the expression gives BOOLEAN, which can't become a date (Since__c)");
  expect(stderr).toContain("job.yaml:12:16: the expression gives BIGINT, which can't become a datetime (Seen__c)");
  expect(stderr).toContain("the expression gives DATE, which can't become a double (Amount__c)");
  expect(stderr).not.toContain("Active__c)");
  await using place = await rehearse(contactsJob({ map: `${base}${map}` }), input, objects);
  expect((await place.project.run("run", "job.yaml")).code).toBe(2);
  expect(await place.sandbox.jobs()).toEqual([]);
});

test("unknown, read-only and missing fields, and a key that is none, are told", async () => {
  const unknown = await check("      Sort__c: last\n      CreatedDate: last");
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain("Contact has no field Sort__c, or this user can't see it");
  expect(unknown.stderr).toContain('did you mean "Short__c"?');
  expect(unknown.stderr).toContain("Contact.CreatedDate is read-only");
  await using place = await rehearse(contactsJob({ map: "      Ext__c: id\n      Email: email" }), input, objects);
  const missing = await place.project.run("check", "job.yaml");
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain(
    "job.yaml:6:47: a new Contact must have LastName, Needed__c: they are not in the map",
  );
  place.project.write({ "job.yaml": contactsJob({ map: "      Ext__c: id\n      Email: email", mode: "update" }) });
  expect((await place.project.run("check", "job.yaml")).code).toBe(0);
  place.project.write({ "job.yaml": contactsJob({ map: base }).replace("key: Ext__c", "key: LastName") });
  const noKey = await place.project.run("check", "job.yaml");
  expect(noKey.stderr).toContain("target.key: LastName is neither an external id nor unique");
});

/** A describe of Contact with other flags, as a user with fewer permissions gets it. */
async function describeWith(sandbox: Sandbox, change: Record<string, unknown>) {
  const { body } = await sandbox.api("GET", "sobjects/Contact/describe");
  return { ...(body as object), ...change };
}

test.each([
  ["insert", { createable: false }, "created"],
  ["update", { updateable: false }, "updated"],
  ["upsert", { createable: false, updateable: false }, "created or updated"],
  ["mirror", { deletable: false }, "deleted"],
] as const)("an object that mode %s may not change (%j) is told", async (mode, change, what) => {
  await using place = await rehearse(contactsJob({ map: base, mode }), input, objects);
  const described = await describeWith(place.sandbox, change);
  await using relay = await startRelay(place.sandbox.origin, ({ url }, response) =>
    url?.endsWith("/sobjects/Contact/describe") === true ? answerJson(response, 200, described) : false,
  );
  place.project.write(connections(relay));
  const { code, stderr } = await place.project.run("check", "job.yaml");
  expect(code).toBe(2);
  expect(stderr).toContain(`job.yaml:6:47: Contact can't be ${what} by this user, which mode ${mode} wants`);
});

test.each(["API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"])(
  "a user without the API (%s) is told which permission is missing",
  async (errorCode) => {
    await using place = await rehearse(contactsJob(), input);
    const refusal = [{ errorCode, message: "The REST API is not enabled for this Organization." }];
    await place.sandbox.setFaults([{ match: "GET /services/data/*/**", do: { status: 403, body: refusal } }]);
    const { code, stderr } = await place.project.run("check", "job.yaml");
    expect(code).toBe(8);
    expect(stderr).toContain("salesforce: the user may not use the API");
    expect(stderr).toContain("API Enabled");
    // Where only describe is refused, it is not taken for an object that is not there.
    await place.sandbox.setFaults([{ match: "GET /services/data/*/sobjects/**", do: { status: 403, body: refusal } }]);
    const describe = await place.project.run("check", "job.yaml");
    expect(describe.code).toBe(8);
    expect(describe.stderr).toContain("API Enabled");
  },
);

test("limits that the user may not see are a warning, in JSON too", async () => {
  await using place = await rehearse(contactsJob(), input);
  const refusal = [{ errorCode: "INSUFFICIENT_ACCESS", message: "insufficient access rights" }];
  await place.sandbox.setFaults([{ match: "GET /services/data/*/limits", do: { status: 403, body: refusal } }]);
  const { code, stdout } = await place.project.run("check", "job.yaml", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout).warnings).toEqual([expect.stringContaining("View Setup and Configuration")]);
});

test("casts that lose something without a word are told, those that lose nothing are not", async () => {
  const map = `${base}      Short__c: "CASE WHEN last = '' THEN NULL ELSE CAST(CAST(email AS INTEGER) AS VARCHAR) END"
      Amount__c: email::DECIMAL(18, 2) + TRY_CAST(last AS DOUBLE)
      Since__c: CAST(email AS DATE)
      Open__c: CAST(round(parse_decimal(email, 'en')) AS BIGINT) + CAST(length(last) AS INTEGER) + CAST(0.5 AS DECIMAL(4, 1))`;
  const job = contactsJob({ map, source: ", keep: 'email::SMALLINT > 1'" });
  await using place = await rehearse(job, { "inbox/contacts.csv": "id,last,email\n1,1,2026-01-31\n" }, objects);
  const checked = await place.project.run("check", "job.yaml");
  expect(checked.code, checked.stderr).toBe(0);
  const told = checked.stdout.replaceAll(/\s+/g, " ");
  for (const sentence of [
    "Short__c: a cast of email to INTEGER rounds 1.5 to 2 without a word; parse_decimal",
    "Amount__c: a cast of email to DECIMAL(18, 2) rounds to 2 decimals without a word",
    'Amount__c: a cast of "last" to DOUBLE keeps 15 digits without a word',
    "Since__c: a cast of email to DATE leaves out a time of day without a word; parse_date(…, '%Y-%m-%d')",
    "source.keep: a cast of email to SMALLINT rounds 1.5 to 2",
  ])
    expect(told).toContain(sentence);
  expect(told.match(/without a word/g)).toHaveLength(5);
  const planned = await place.project.run("plan", "job.yaml");
  expect(planned.stdout.replaceAll(/\s+/g, " ")).toContain("a cast of email to INTEGER rounds 1.5 to 2");
});
