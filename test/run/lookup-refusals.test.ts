// Lookups that can't be as they are written, told by check; what a lookup says of a row; what a resumed run sees.

import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const map = (lookups: string) => `      Ext__c: id\n      LastName: last\n${lookups}`;
const feed = { "inbox/contacts.csv": "id,last,rep,n\n1,A,x,1\n" };
const reference = { "ref.csv": "Code,Name\nx,One\n" };

test("check names what a lookup gets wrong: columns, fields, objects, filters, connections, types, defaults", async () => {
  const job = contactsJob({
    map: map(`      Title:      { lookup: { file: ref.csv, key: code, value: Nmae, from: rep } }
      Department: { lookup: { file: ref.csv, key: Code, value: Name, from: rpe } }
      OwnerId:    { lookup: { object: User, key: Emial, from: rep } }
      AccountId:  { lookup: { object: User, key: Email, from: rep } }
      Amount__c:  { lookup: { object: Account, key: Name, from: rep, value: Name, miss: default, default: many } }
      Active__c:  { lookup: { object: Usr, key: Email, from: rep } }
      Seen__c:    { lookup: { object: User, key: Email, from: rep, value: CreatedDate, where: "IsActive = maybe" } }
      Phone:      { lookup: { file: ref.csv, key: Code, value: Name, from: rep, where: "Nam = 'One'" } }`),
  });
  await using place = await rehearse(job, { ...feed, ...reference });
  const { code, stderr } = await place.project.run("check", "job.yaml");
  expect(code).toBe(2);
  const told = stderr.split("\n").filter((line) => /^job.yaml|did you mean/.test(line.trim()));
  expect(told.map((line) => line.replace(/^[ |~]+/, ""))).toEqual([
    "job.yaml:10:51: ref.csv has no column code",
    'did you mean "Code"?',
    "job.yaml:10:64: ref.csv has no column Nmae",
    'did you mean "Name"?',
    'job.yaml:11:76: the files of stream contacts have no column "rpe"',
    'did you mean "rep"?',
    "job.yaml:12:50: User has no field Emial",
    'did you mean "Email"?',
    "job.yaml:13:29: AccountId refers to Account, and the lookup gives the id of a User",
    'job.yaml:14:107: Amount__c: the default can\'t be stored: "many" is not a number',
    "job.yaml:15:39: salesforce has no object Usr, or this user can't see it",
    'did you mean "User"?',
    "job.yaml:16:96: lookup.where: unexpected token: 'maybe'",
    'job.yaml:17:89: ref.csv has no column "Nam"',
    'did you mean "Name"?',
  ]);
});

test.each([
  ["{ file: gone.csv, key: a, value: b, from: rep }", "gone.csv is not there"],
  ["{ file: ref.csv, key: Code, from: rep }", "`value` is missing"],
  ["{ file: ref.csv, key: [Code, Name], value: Name, from: rep }", "`key` has 2 and `from` 1"],
  ["{ file: ref.csv, object: User, key: Email, from: rep }", "expected one of `file`, `object` and `stream`"],
  ["{ file: ref.csv, key: Code, value: Name, from: rep, default: x }", "`miss: default` and `default` go together"],
  ["{ file: ref.csv, connection: drop, key: Code, value: Name, from: rep }", "`connection` goes with `object`"],
  ["{ object: User, key: Email, from: rep, connection: hubspt }", 'did you mean "hubspot"?'],
  ["{ object: Account, key: Name, from: rep, miss: create }", "and Title holds a string"],
  ["{ stream: contact, key: Ext__c, value: LastName, from: rep }", 'did you mean "contacts"?'],
  ["{ stream: contacts, key: Ext__c, value: LastName, from: rep }", "round in a circle: contacts → contacts"],
  ["{ file: total.csv, key: Code, value: Name, from: rep }", "total.csv can't be looked up"],
])("%s is refused", async (lookup, message) => {
  await using place = await rehearse(contactsJob({ map: map(`      Title: { lookup: ${lookup} }`) }), {
    ...feed,
    ...reference,
    "total.csv": "Reference of codes\n\nCode,Name\nx,One\ny,Two\n",
  });
  const { code, stderr } = await place.project.run("check", "job.yaml");
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
