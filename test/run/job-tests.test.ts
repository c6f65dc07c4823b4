// `loadline test`: rows of a case go the way of a run, offline; what it expects is compared by what it names.

import { describe, expect, test } from "vitest";
import { createProject, type Project } from "../support/rig.ts";

const text = "{ type: string, length: 40, externalId: true, unique: true }";
const files = {
  // Nobody answers there, and the variable is not set.
  "connections.yaml": `version: 1
connections:
  drop: { type: file, path: ./inbox }
  vendor: { type: sftp, url: "sftp://a@127.0.0.1:1", auth: { password: "\${NOT_SET}" }, host_key: "SHA256:I1FSRe70cxmdgmy1Wyi24wURRRiRYbk55QGP5Wu9Pag" }
  salesforce: { type: salesforce, login_url: "https://127.0.0.1:1", auth: { access_token: "\${NOT_SET}" } }
  hubspot: { type: hubspot, base_url: "https://127.0.0.1:1", auth: { token: "\${NOT_SET}" } }
`,
  "sandbox.yaml": `salesforce:
  Contact: { fields: { Ext__c: ${text}, Other__c: ${text}, Amount__c: { type: double, precision: 18, scale: 2 } } }
  Account: { fields: { Acc__c: ${text} } }
`,
};

const head = `version: 1
name: people
defaults: { target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert } }
streams:
  people:
    source: { connection: vendor, files: "*.csv", keep: "gone <> 'x'", ready: { stable_for: 5m }, optional: [amount] }
    map:
      Ext__c: upper(trim(id))
      LastName: trim(last)
      Email: lower(trim(email))
      MailingPostalCode: zip
      Amount__c: { from: amount, on_null: clear }
      Account.Acc__c: company
    validate: [{ expr: "LastName <> 'Nobody'", message: nobody is nobody }]
    dedupe: { by: [Ext__c], keep: last }
redact: [Email]
`;

const project = (job: string) => createProject({ ...files, "job.yaml": job });

interface Tested {
  ok: boolean;
  passed: number;
  failed: number;
  exitCode: number;
  problem?: string;
  cases: { name: string; ok: boolean; differences: Record<string, unknown>[] }[];
}

async function testJson(place: Project, ...args: string[]): Promise<Tested> {
  const run = await place.run("test", ...(args.length === 0 ? ["job.yaml"] : args), "--json");
  const tested = JSON.parse(run.stdout) as Tested;
  expect(run.code).toBe(tested.exitCode);
  return tested;
}

/** What stands under each case that failed. */
function failuresOf({ cases }: Tested): Record<string, Record<string, unknown>[]> {
  return Object.fromEntries(cases.filter(({ ok }) => !ok).map(({ name, differences }) => [name, differences]));
}

describe("loadline test", () => {
  test("computes what a run does by a library, by tables and with the key of pseudonyms", async () => {
    const map = `Ext__c: left(pseudonym(id), 40)
      LastName: strip_html(last)
      Phone: phone(tel, 'DE')
      MailingCountry: country_code(land)`;
    const job = head.slice(0, head.indexOf("Ext__c: upper")) + map;
    await using place = project(`${job}
tests:
  - name: all of them
    stream: people
    given: [{ id: a1, last: "<b>Doe &amp; Co</b>", tel: 030 901820, land: Deutschland, gone: "" }]
    expect: [{ LastName: Doe & Co, Phone: "+4930901820", MailingCountry: DE }]
`);
    const without = await place.run("test", "job.yaml");
    expect([without.code, without.stderr]).toEqual([2, expect.stringContaining("LOADLINE_PSEUDONYM_KEY")]);
    place.env = { LOADLINE_PSEUDONYM_KEY: "0123456789abcdef" };
    expect(await testJson(place)).toMatchObject({ passed: 1, failed: 0 });
  });

  test("passes where rows, rejects and changes come as expected, without a system, and leaves nothing", async () => {
    await using place = project(`${head}tests:
  - name: mapped, filtered, left to another
    stream: people
    given: [{ id: " a1 ", LAST: Doe, zip: 01234, email: null }, { id: a2, last: Gone, gone: x }, { id: A1, last: New }]
    expect: [{ Ext__c: A1, LastName: New, MailingPostalCode: null, Email: "" }]
  - name: all rejects are named, in part
    stream: people
    given: [{ id: a1, last: A, email: "x@" }, { id: a2, last: Nobody }, { last: B }, { id: a4, last: C, company: no }]
    expect: []
    expect_rejects:
      - { field: Account.Acc__c, rule: lookup, message: no Account has Acc__c }
      - { rule: email }
      - { rule: key }
      - { message: nobody }
  - name: the same keys again, and records
    stream: people
    given: [{ id: a1, last: Same, amount: "1.50" }, { id: a2, last: New, company: C-1 }, { id: a3, last: First }, { id: a5, last: Old, amount: "" }]
    given_target:
      Account: [{ Acc__c: C-1 }]
      Contact:
        - { Ext__c: A1, LastName: Same, Amount__c: 1.5 }
        - { Id: 003000000000001AAA, Ext__c: A2, LastName: Old }
        - { Ext__c: A5, LastName: Old, Amount__c: 7 }
    expect: [{ Amount__c: 1.50 }, { Account.Acc__c: C-1 }, {}, {}]
    expect_rejects: []
    expect_plan:
      - { action: unchanged, key: A1 }
      - { action: update, key: A2, id: 003000000000001AAA, fields: { LastName: { before: Old, after: New }, Account.Acc__c: C-1 } }
      - { action: create, key: A3, fields: { LastName: First } }
      - { action: update, key: A5, fields: { Amount__c: { before: 7.0, after: null } } }
`);
    const run = await place.run("test", "job.yaml", "--verbose");
    expect(run.stdout).toMatch(
      /^✓ mapped, filtered, left to another\n✓ all rejects .*\n✓ the same .*\n✓ job\.yaml: 3 tests passed in/,
    );
    expect(run.stderr).toBe("");
    expect(run.code).toBe(0);
    expect(place.list(".")).toEqual(["connections.yaml", "job.yaml", "sandbox.yaml"]);
  });

  test("fails where anything came otherwise, and shows what, without what is redacted", async () => {
    await using place = project(`${head}tests:
  - { name: value, stream: people, given: [{ id: a1, last: Doe, zip: 1 }], expect: [{ LastName: Dow, MailingPostalCode: 01 }] }
  - { name: hidden, stream: people, given: [{ id: a1, last: Doe, email: me@acme.com }], expect: [{ Email: you@acme.com }, { Email: more@acme.com }] }
  - { name: fewer, stream: people, given: [{ id: a1, last: A }, { id: a2, last: B }], expect: [{ Ext__c: A1 }] }
  - { name: reject, stream: people, given: [{ id: a1, last: Nobody }], expect_rejects: [] }
  - { name: other reject, stream: people, given: [{ id: a1, last: Nobody }], expect: [{ Ext__c: A1 }], expect_rejects: [{ rule: key }] }
  - { name: plan, stream: people, given: [{ id: a1, last: A }], given_target: [{ Ext__c: A1, LastName: B }], expect_plan: [{ action: create, key: A2, fields: { LastName: { before: C } } }] }
`);
    const tested = await testJson(place);
    expect(tested).toMatchObject({ ok: false, passed: 0, failed: 6, exitCode: 1 });
    expect(failuresOf(tested)).toEqual({
      value: [
        {
          list: "expect",
          index: 0,
          row: 0,
          kind: "differs",
          fields: [
            { field: "LastName", expected: "Dow", came: "Doe" },
            { field: "MailingPostalCode", expected: "01", came: "1" },
          ],
        },
      ],
      hidden: [
        {
          list: "expect",
          index: 0,
          row: 0,
          kind: "differs",
          fields: [{ field: "Email", expected: "•••", came: "another value" }],
        },
        { list: "expect", index: 1, kind: "missing", what: "Email: •••" },
      ],
      fewer: [{ list: "expect", index: 1, row: 1, kind: "unexpected", what: "Ext__c: A2, LastName: B" }],
      reject: [
        {
          list: "expect_rejects",
          index: 0,
          row: 0,
          kind: "unexpected",
          what: 'expr: nobody is nobody (LastName = "Nobody")',
        },
      ],
      "other reject": [
        { list: "expect", index: 0, kind: "missing", what: "Ext__c: A1" },
        { list: "expect_rejects", index: 0, kind: "missing", what: "key" },
        {
          list: "expect_rejects",
          index: 1,
          row: 0,
          kind: "unexpected",
          what: 'expr: nobody is nobody (LastName = "Nobody")',
        },
      ],
      plan: [
        {
          list: "expect_plan",
          index: 0,
          row: 0,
          kind: "differs",
          fields: [
            { field: "action", expected: "create", came: "update" },
            { field: "key", expected: "A2", came: "A1" },
            { field: "LastName before", expected: "C", came: "B" },
          ],
        },
      ],
    });
    const shown = await place.run("test", "job.yaml", "--junit", "results.xml");
    expect(shown.stdout + place.read("results.xml")).not.toMatch(/(me|you|more)@acme/);
    expect(shown.stdout).toContain("✗ value  job.yaml:18:");
    expect(shown.stdout).toContain("      LastName           - Dow\n                         + Doe\n");
    expect(shown.stdout).toContain("    rejected\n      row 1 expr: nobody is nobody");
    expect(place.read("results.xml")).toContain(
      '<testsuite name="people" file="job.yaml" tests="6" failures="6" errors="0"',
    );
    expect(place.read("results.xml")).toContain(
      '<failure message="expect, entry 1: LastName expected Dow, came Doe; Mail',
    );
  });

  test("keeps cases apart that share keys, unique values and what they name", async () => {
    const one = (index: number, more: string) =>
      `  - { name: c${index}, stream: people, given: [{ id: k, last: L${index}, ${more} }], expect_rejects: [], expect: [{ Ext__c: K, LastName: L${index} }], `;
    await using place =
      project(`${head.replace("LastName: trim(last)", "LastName: trim(last)\n      Other__c: other")}tests:
${one(1, "other: u")} expect_plan: [{ action: create, key: K }] }
${one(2, "other: u")} given_target: [{ Ext__c: K, LastName: Old }], expect_plan: [{ action: update, key: K, fields: { LastName: { before: Old } } }] }
${one(3, "company: C")} given_target: { Account: [{ Acc__c: C }] }, expect_plan: [{ action: create, key: K, fields: { Other__c: null } }] }
  - { name: c4, stream: people, given: [{ id: k, last: L, company: C }], expect: [], expect_rejects: [{ field: Account.Acc__c, message: 'no Account has Acc__c "C"' }] }
  - { name: c5, stream: people, given: [{ id: K, last: L }, { id: k, last: M }], expect: [{ LastName: M }] }
`);
    const tested = await testJson(place);
    expect(failuresOf(tested)).toEqual({});
    await using undeduped =
      project(`${head.replace(/ {4}dedupe.*\n/, "").replace("validate: [", "validate: [{ field: MailingPostalCode, unique: true }, ")}tests:
  - { name: shared, stream: people, given: [{ id: K, last: L }, { id: k, last: M }], expect_rejects: [{ field: Ext__c, rule: unique_key, message: 'shares its key "K" with 1 other row' }, { rule: unique_key }] }
  - { name: alone, stream: people, given: [{ id: K, last: L, zip: "1" }], expect: [{ Ext__c: K }] }
  - { name: same zip, stream: people, given: [{ id: M, last: L, zip: "1" }], expect: [{ Ext__c: M }] }
`);
    expect(failuresOf(await testJson(undeduped))).toEqual({});
  });

  test("takes records as a source, deletes of mirror, files as a target, nested JSON", async () => {
    await using place = project(`version: 1
name: many
streams:
  back:
    source: { connection: salesforce, object: Contact, incremental: {}, where: "Email != null" }
    target: { connection: hubspot, object: contacts, key: email, mode: upsert }
    map: { email: Email, lastname: "coalesce(LastName, 'none')", company: Account.Name }
  mirror:
    source: { connection: drop, files: c.csv }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: mirror, scope: "Name != null" }
    map: { Acc__c: id, Name: name }
  out:
    source: { connection: drop, files: c.json, format: { type: json } }
    target: { connection: drop, files: out.csv, mode: replace }
    map: { Id: id, City: "json_extract_string(address, '$.city')", Note: "coalesce(note, 'no')" }
tests:
  - { name: records, stream: back, given: [{ Email: A@b.de, LastName: null, Account.Name: Acme }], expect: [{ email: a@b.de, lastname: none, company: Acme }], expect_plan: [{ action: create }] }
  - { name: records again, stream: back, given: [{ Email: a@b.de }], given_target: [{ email: a@b.de, lastname: none }], expect_plan: [{ action: unchanged, key: a@b.de }] }
  - { name: gone, stream: mirror, given: [{ id: a, name: A }], given_target: [{ Acc__c: a, Name: A }, { Acc__c: b, Name: B }, { Name: without a key }], expect_plan: [{ action: unchanged }, { action: delete, key: b }] }
  - { name: all gone, stream: mirror, given: [], given_target: [{ Acc__c: a, Name: A }], expect_plan: [{ action: delete, key: a }] }
  - { name: file, stream: out, given: [{ id: 1, address: { city: Bonn }, note: "" }, { id: 2 }], expect: [{ Id: 1, City: Bonn, Note: "" }, { City: null, Note: "no" }] }
`);
    expect(failuresOf(await testJson(place))).toEqual({});
  });

  test("looks up records and files that are given, each case its own", async () => {
    const job = head.replace(
      "      Account.Acc__c: company\n",
      `      OwnerId: { lookup: { object: User, key: Email, value: Id, from: owner, miss: skip } }
      LeadSource: { lookup: { file: sources.csv, key: theirs, value: ours, from: source, miss: default, default: Other } }
`,
    );
    await using place = project(`${job}tests:
  - { name: found, stream: people, given: [{ id: a, last: A, owner: r@acme.com, source: w }], given_target: { User: [{ Id: 005000000000001AAA, Email: r@acme.com }] }, expect: [{ OwnerId: 005000000000001AAA, LeadSource: Web }], expect_rejects: [] }
  - { name: not there, stream: people, given: [{ id: a, last: A, owner: r@acme.com, source: x }], expect: [{ OwnerId: null, LeadSource: Other }] }
`);
    place.write({ "sources.csv": "theirs,ours\nw,Web\n" });
    expect(failuresOf(await testJson(place))).toEqual({});
  });

  test("refuses, at its place, what could not be tested", async () => {
    await using place = project(`${head}tests:
  - { name: a, stream: peple, given: [], expect: [] }
  - { name: a, stream: people, given: [] }
`);
    const wrong = await place.run("test", "job.yaml");
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('job.yaml:18:24: there is no stream "peple"');
    expect(wrong.stderr).toContain('did you mean "people"?');
    expect(wrong.stderr).toContain('there are two tests called "a"');
    expect(wrong.stderr).toContain("a test says what it expects");
    await using columns = project(`${head}tests:
  - { name: a, stream: people, given: [{ id: 1, lst: x, size: 1 }], expect: [] }
`);
    const run = await columns.run("test", "job.yaml", "--junit", "r.xml");
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('job.yaml:18:49: stream people reads no column "lst"');
    expect(run.stderr).toContain('did you mean "last"?');
    expect(run.stderr).toContain('reads no column "size"');
    expect(columns.read("r.xml")).toContain('<error message="job.yaml:18:49: stream people reads no column');
    await using records = project(`${head}tests:
  - { name: a, stream: people, given: [], given_target: { Contact: [{ LastNme: x }], Acount: [] }, expect: [] }
`);
    const given = await records.run("test", "job.yaml");
    expect(given.stderr).toContain('Contact has no field "LastNme"');
    expect(given.stderr).toContain('did you mean "Account"?');
    expect(given.code).toBe(2);
    expect((await records.run("test")).stderr).toContain("no job is named");
  });
});
