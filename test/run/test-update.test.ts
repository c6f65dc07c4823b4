// `loadline test --update`: what came is written into what is expected, and nothing else of the job is changed.

import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";

const connections = `version: 1
connections:
  drop: { type: file, path: ./inbox }
  crm: { type: salesforce, login_url: "https://x.my.salesforce.com", auth: { access_token: "\${SF_TOKEN}" } }
`;

const head = `# Kept:  as it is.
version: 1
name: people
redact: [Email]
streams:
  people:
    source: { connection: drop,   files: "*.csv" }   # here too
    target: { connection: crm, object: Contact, key: LastName, mode: insert }
    map: { LastName: last, MailingPostalCode: zip, Email: mail }
tests:
`;

const before = `${head}  - name: zip
    stream: people
    given:
      - { last: A, zip: 01234, mail: a@b.de }   # a zero
      - { last: B, zip: "no: 5" }
      - { last: , zip: 1 }
    expect:
      - LastName: "X"      # the name
        MailingPostalCode: 1234
      - LastName: B
        # of the second
        MailingPostalCode: |
          five
      - LastName: C
    expect_rejects: [{ field: Email }]
    expect_plan: [{ action: update, fields: { LastName: A, MailingPostalCode: { after: 9 } } }]
  - { name: hidden, stream: people, given: [{ last: D, mail: d@e.de }], expect: [{ LastName: D, Email: x@y.de }] }
  - { name: none, stream: people, given: [{ last: E }, { last: F }], expect: [], expect_plan: [] }
  - name: gone
    stream: people
    given: []
    expect:
      - LastName: G
`;

const after = before
  .replace('"X"      # the name', '"A"      # the name')
  .replace("MailingPostalCode: 1234", "MailingPostalCode: 01234")
  .replace("MailingPostalCode: |\n          five\n      - LastName: C\n", 'MailingPostalCode: "no: 5"\n')
  .replace("[{ field: Email }]", "[{ field: LastName, rule: key }]")
  .replace(
    "[{ action: update, fields: { LastName: A, MailingPostalCode: { after: 9 } } }]",
    '[{ action: create, fields: { LastName: A, MailingPostalCode: { after: 01234 } } }, { action: create, key: B, fields: { LastName: B, MailingPostalCode: "no: 5" } }]',
  )
  .replace(
    "expect: [], expect_plan: []",
    "expect: [{ LastName: E }, { LastName: F }], expect_plan: [{ action: create, key: E, fields: { LastName: E } }, { action: create, key: F, fields: { LastName: F } }]",
  )
  .replace("expect:\n      - LastName: G\n", "expect: []\n");

test("--update writes what came where it is expected, keeps the rest as it is, and leaves what is hidden", async () => {
  await using project = createProject({ "connections.yaml": connections, "jobs/people.yaml": before });
  const run = await project.run("test", "jobs/people.yaml", "--update");
  expect(run.stdout).toContain('zip: expect, entry 1: LastName "X" → "A"');
  expect(run.stdout).toContain("left as it is: hidden: expect, entry 1: Email is hidden");
  expect(project.read("jobs/people.yaml")).toBe(after);
  expect(run.code).toBe(1);
  // All that is left is what was named.
  const again = await project.run("test", "jobs/people.yaml", "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({ passed: 3, failed: 1 });
  // A job with a test that can't be run stays.
  const wrong = after.replace("last: D", "lst: D").replace("LastName: E }, {", "LastName: Z }, {");
  project.write({ "jobs/people.yaml": wrong });
  const refused = await project.run("test", "jobs/people.yaml", "--update");
  expect(refused.code).toBe(2);
  expect(project.read("jobs/people.yaml")).toBe(wrong);
  const both = await project.run("test", "jobs/people.yaml", "--update", "--watch");
  expect([both.code, both.stderr]).toEqual([2, expect.stringContaining("--update does not go with --watch")]);
});
