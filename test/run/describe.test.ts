// describe, through the real program.

import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

test("objects are listed with what may be done with them", async () => {
  await using place = await rehearse(contactsJob(), {});
  const { code, stdout } = await place.project.run("describe", "salesforce");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^salesforce {2}\d+ objects, org 00D/);
  expect(stdout).toMatch(/^ {2}Contact +Contact +created, updated, deleted$/m);
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  const { objects } = JSON.parse((await place.project.run("describe", "salesforce", "--json")).stdout);
  expect(objects.find(({ name }: { name: string }) => name === "Account")).toEqual({
    name: "Account",
    label: "Account",
    createable: true,
    updateable: true,
    deletable: true,
    queryable: true,
    custom: false,
  });
});

test("the fields of an object are listed with type, length, what they are, and their values", async () => {
  await using place = await rehearse(contactsJob(), {});
  const { code, stdout } = await place.project.run("describe", "salesforce", "Contact");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Contact {2}Contact, \d+ fields, may be: created, updated, deleted, salesforce, org 00D/);
  expect(stdout).toMatch(/^ {2}LastName +string +80 +required$/m);
  expect(stdout).toMatch(/^ {2}Ext__c +string +40 +key, unique$/m);
  expect(stdout).toMatch(/^ {2}CreatedDate +datetime +read-only$/m);
  expect(stdout).toMatch(/^ {2}AccountId +reference +→ Account$/m);
  expect(stdout).toMatch(/^ {2}CleanStatus +picklist +40 +one of: Matched, \w+.*…$/m);
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  const described = JSON.parse((await place.project.run("describe", "salesforce", "contact", "--json")).stdout);
  expect(described).toMatchObject({ connection: "salesforce", object: "Contact", createable: true });
  const fieldOf = (wanted: string) => described.fields.find(({ name }: { name: string }) => name === wanted);
  expect(fieldOf("Ext__c")).toEqual({
    name: "Ext__c",
    label: "Ext",
    type: "string",
    length: 40,
    scale: null,
    required: false,
    createable: true,
    updateable: true,
    key: true,
    unique: true,
    caseSensitive: false,
    references: [],
    picklist: null,
  });
  expect(fieldOf("Amount__c")).toMatchObject({ type: "double", scale: 2, length: null });
  expect(fieldOf("LeadSource").picklist.values.length).toBeGreaterThan(1);
});

test("what is not there is refused with a did-you-mean", async () => {
  await using place = await rehearse(contactsJob(), {});
  const object = await place.project.run("describe", "salesforce", "Contct");
  expect(object.code).toBe(2);
  expect(object.stderr).toContain("salesforce has no object Contct, or this user can't see it");
  expect(object.stderr).toContain("next: loadline describe salesforce Contact");
  const connection = await place.project.run("describe", "saleforce");
  expect(connection.code).toBe(2);
  expect(connection.stderr).toContain('did you mean "salesforce"?');
  const folder = await place.project.run("describe", "drop");
  expect(folder.code).toBe(2);
  expect(folder.stderr).toContain("connection drop is a folder");
});
