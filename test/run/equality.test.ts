// Every vendor type of both systems: a value that is loaded, and loaded again in another writing, is no change.

import { stringify } from "csv-stringify/sync";
import { expect, test } from "vitest";
import { contactsJob, option, type Rehearsal, rehearse } from "./support.ts";

/** What a field is given first, then the same value as others write it. */
interface Writings {
  type: Record<string, unknown>;
  first: string;
  others: string[];
}

const salesforce: Record<string, Writings> = {
  Text__c: { type: { type: "string", length: 40 }, first: "Ann", others: [" Ann ", "Ann\t", "\nAnn"] },
  Area__c: { type: { type: "textarea", length: 255 }, first: "1 Main St\nSuite 2", others: ["1 Main St\r\nSuite 2 "] },
  Mail__c: {
    type: { type: "email" },
    first: "ines.ito@mail.example",
    others: ["Ines.Ito@Mail.Example", "INES.ITO@mail.example "],
  },
  Call__c: { type: { type: "phone" }, first: "+49 30 5550100", others: [" +49 30 5550100"] },
  Site__c: { type: { type: "url" }, first: "https://a.example/B", others: ["https://a.example/B "] },
  Tier__c: {
    type: { type: "picklist", values: ["Gold", "Silver"], restricted: true },
    first: "Gold",
    others: ["Gold "],
  },
  Tags__c: {
    type: { type: "multipicklist", values: ["Red", "Green", "Blue"], restricted: true },
    first: "Red;Blue",
    others: ["Blue;Red", "Red; Blue", ";Blue;Red;", "Red;Blue;Red"],
  },
  Open__c: { type: { type: "multipicklist", values: ["Red"] }, first: "Red;Pink;Blue", others: ["Blue;Pink;Red"] },
  Flag__c: { type: { type: "boolean" }, first: "true", others: ["TRUE", "True"] },
  Count__c: { type: { type: "int" }, first: "12", others: ["12.0", "12.00"] },
  Size__c: { type: { type: "double", precision: 18, scale: 3 }, first: "1234.5", others: ["1234.50", "1234.500"] },
  Cost__c: { type: { type: "currency" }, first: "10000000", others: ["10000000.00", "10000000.0"] },
  Share__c: { type: { type: "percent", precision: 5, scale: 2 }, first: "-0.5", others: ["-0.50"] },
  Born__c: { type: { type: "date" }, first: "2024-02-29", others: ["2024-02-29"] },
  Seen__c: {
    type: { type: "datetime" },
    first: "2026-01-02T03:04:05Z",
    others: ["2026-01-02T04:04:05+01:00", "2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05.987Z"],
  },
  Opens__c: { type: { type: "time" }, first: "10:00:00.000Z", others: ["10:00", "10:00:00", "10:00:00.000"] },
};

const options = [option("Dark red", "dark_red"), option("Blue", "blue"), option("Two", "2")];

const hubspot: Record<string, Writings> = {
  email: { type: {}, first: "ines{n}@mail.example", others: ["INES{n}@Mail.Example", " ines{n}@mail.example"] },
  note: { type: { type: "string", fieldType: "text" }, first: "Ann", others: ["Ann"] },
  call: { type: { type: "phone_number", fieldType: "phonenumber" }, first: "+49305550100", others: ["+49305550100"] },
  size: { type: { type: "number", fieldType: "number" }, first: "1234.5", others: ["1234.50", "01234.5"] },
  flag: { type: { type: "bool", fieldType: "booleancheckbox" }, first: "true", others: ["TRUE", "True"] },
  born: { type: { type: "date", fieldType: "date" }, first: "2024-02-29", others: ["2024-02-29", "1709164800000"] },
  seen: {
    type: { type: "datetime", fieldType: "date" },
    first: "2026-01-02T03:04:05.678Z",
    // A copy that went by a system of whole seconds comes back without the fraction.
    others: ["2026-01-02T04:04:05.678+01:00", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z", "1767323045678"],
  },
  tier: {
    type: { type: "enumeration", fieldType: "select", options },
    first: "dark_red",
    others: ["Dark red", "DARK_RED"],
  },
  tags: {
    type: { type: "enumeration", fieldType: "checkbox", options },
    first: "dark_red;2",
    others: ["Two;Dark red", "2; dark_red;2", ";2;dark_red;"],
  },
};

const rounds = 4;

/** A file of as many records: `pick` says which writing each has. */
function fileOf(fields: Record<string, Writings>, pick: (writings: Writings, record: number) => string): string {
  const rows = Array.from({ length: rounds }, (_, record) => [
    `K${record}`,
    ...Object.values(fields).map((writings) => pick(writings, record).replaceAll("{n}", String(record))),
  ]);
  return stringify([["id", ...Object.keys(fields)], ...rows], { quoted: true });
}

const first = (fields: Record<string, Writings>) => fileOf(fields, (writings) => writings.first);
const again = (fields: Record<string, Writings>) =>
  fileOf(fields, ({ others }, record) => others[record % others.length] ?? "");

async function expectRest(place: Rehearsal, fields: Record<string, Writings>): Promise<void> {
  const load = async () => (await place.project.run("run", "job.yaml", "--json")).summary().streams["contacts"];
  const counts = await load();
  expect(counts).toMatchObject({ creates: rounds, loaded: rounds, failed: 0, rejected: 0 });
  place.project.write({ "inbox/contacts.csv": again(fields) });
  expect(await load()).toMatchObject({ unchanged: rounds, updates: 0, loaded: 0 });
}

function mapOf(fields: Record<string, Writings>, key: string): string {
  return [`${key}: id`, ...Object.keys(fields).map((name) => `${name}: ${name}`)]
    .map((line) => `      ${line}`)
    .join("\n");
}

function typesOf(fields: Record<string, Writings>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => name !== "email")
      .map(([name, { type }]) => [name, type]),
  );
}

test("Salesforce: a value of any type in another writing is no change", async () => {
  const job = contactsJob({ map: `${mapOf(salesforce, "Ext__c")}\n      LastName: id` });
  const key = { type: "string", length: 40, externalId: true, unique: true };
  const objects = { salesforce: { Contact: { fields: { Ext__c: key, ...typesOf(salesforce) } } } };
  await using place = await rehearse(job, { "inbox/contacts.csv": first(salesforce) }, objects);
  await expectRest(place, salesforce);
});

test("HubSpot: a value of any type in another writing is no change", async () => {
  const job = contactsJob({ map: mapOf(hubspot, "ext_id") }).replace(
    "connection: salesforce, object: Contact, key: Ext__c",
    "connection: hubspot, object: contacts, key: ext_id",
  );
  const key = { type: "string", fieldType: "text", hasUniqueValue: true };
  const objects = { hubspot: { contacts: { properties: { ext_id: key, ...typesOf(hubspot) } } } };
  await using place = await rehearse(job, { "inbox/contacts.csv": first(hubspot) }, objects);
  await expectRest(place, hubspot);
});

test("a masked value is not compared: it can be created and filled in, and nothing else", async () => {
  const key = { type: "string", length: 40, externalId: true, unique: true };
  const fields = { Ext__c: key, Secret__c: { type: "encryptedstring" } };
  const mapped = (policy: string) =>
    contactsJob({ map: `      Ext__c: id\n      LastName: id\n      Secret__c: { from: secret${policy} }` });
  const files = { "inbox/contacts.csv": "id,secret\nA,4711\nB,\n" };
  await using place = await rehearse(mapped(""), files, { salesforce: { Contact: { fields } } });
  const refused = await place.project.run("check", "job.yaml");
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining("Secret__c: its present value can't be read"),
  ]);
  place.project.write({ "job.yaml": mapped(", policy: fill_empty") });
  const load = async () => (await place.project.run("run", "job.yaml", "--json")).summary().streams["contacts"];
  expect(await load()).toMatchObject({ creates: 2, loaded: 2 });
  place.project.write({ "inbox/contacts.csv": "id,secret\nA,4712\nB,4713\n" });
  expect(await load()).toMatchObject({ updates: 1, unchanged: 1, loaded: 1 });
  const kept = await place.contacts();
  expect([kept.get("A")?.["Secret__c"], kept.get("B")?.["Secret__c"]]).toEqual(["4711", "4713"]);
});
