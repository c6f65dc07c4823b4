// Tests of a stream that looks into another one: its rows are given by that stream's name.

import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";

const systems = `version: 1
connections:
  drop: { type: file, path: ./inbox }
  salesforce: { type: salesforce, login_url: "https://127.0.0.1:1", auth: { access_token: "\${NOT_SET}" } }
`;

const job = (given: string) => `version: 1
name: orders
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Id, mode: update }
    map:
      Id: id
      Title: { lookup: { stream: titles, key: [Site, NumberOfEmployees], value: Name, from: [site, "'2.0'"] } }
  titles:
    source: { connection: drop, files: "titles.csv" }
    target: { connection: salesforce, object: Account, key: Id, mode: update }
    map: { Id: id, Name: name, Site: site, NumberOfEmployees: n }
tests:
  - name: finds
    stream: contacts
    given: [{ id: "003000000000001AAA", site: north }, { id: "003000000000002AAA", site: South }]
    given_target: { titles: [{ Site: North, NumberOfEmployees: 2, ${given}: Dr. }] }
    expect: [{ Title: Dr. }]
    expect_rejects: [{ field: Title, message: no row of stream titles has Site "South" }]
  - name: sees nothing of another case
    stream: contacts
    given: [{ id: "003000000000001AAA", site: north }]
    expect: []
    expect_rejects: [{ field: Title, rule: lookup }]
`;

test("a case gives the rows of a stream that is looked into, for itself alone", async () => {
  await using project = createProject({ "connections.yaml": systems, "job.yaml": job("Name") });
  const tested = await project.run("test", "job.yaml");
  expect(tested.code, tested.stdout + tested.stderr).toBe(0);
  expect(tested.stdout).toContain("2");
  project.write({ "job.yaml": job("Nmae") });
  const refused = await project.run("test", "job.yaml");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('stream titles maps no field "Nmae"');
});

const owners = (id: string, given: string, owner: string) => `  - name: ${id} ${owner}
    stream: contacts
    given: [{ id: "003000000000001AAA", rep: rep@x.com }, { id: "003000000000002AAA", rep: Other@x.com }, { id: "003000000000003AAA" }]
    given_target:
      User: [${given}]
      Contact: [{ Id: "003000000000001AAA", LastName: A }, { Id: "003000000000002AAA", LastName: B }, { Id: "003000000000003AAA", LastName: C }]
    expect: [{ OwnerId: "${owner}" }, {}]
    expect_rejects: [{ field: OwnerId, message: 'no User has Email "Other@x.com"' }]
    expect_plan: [{ action: update, id: "003000000000001AAA", fields: { OwnerId: "${owner}" } }, { action: unchanged }]
`;

test("records that are looked up are those of a case alone, in one plan for all; one without an id gets one", async () => {
  const cases = [
    owners("one", '{ Email: Rep@x.com, Id: "005000000000001AAA" }', "005000000000001AAA"),
    owners("two", '{ Email: rep@x.com, Id: "005000000000002AAA" }', "005000000000002AAA"),
    owners("three", '{ Email: rep@x.com }, { Email: z@x.com, Id: "005000000000003AAA" }', "005000000000009AAA"),
  ];
  const job = `version: 1
name: owners
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Id, mode: update }
    map:
      Id: id
      OwnerId: { lookup: { object: User, key: Email, from: rep } }
tests:
${cases.join("")}`;
  await using project = createProject({ "connections.yaml": systems, "job.yaml": job });
  const tested = await project.run("test", "job.yaml");
  expect(tested.code, tested.stdout + tested.stderr).toBe(0);
});
