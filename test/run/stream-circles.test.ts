// Streams whose records name each other, and the order of streams by all that they name.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

const unique = { type: "string", length: 40, externalId: true, unique: true };
const schema = {
  salesforce: {
    Account: {
      fields: {
        Acc__c: unique,
        Main__c: { type: "reference", to: "Contact" },
        Code__c: { type: "string", length: 40, unique: true },
      },
    },
    Contact: { fields: { Ext__c: unique, Code__c: { type: "string", length: 40, unique: true } } },
  },
};

const job = (main: string, account: string, via = "") => `version: 1
name: circle
defaults: { source: { connection: drop }, target: { connection: salesforce, mode: upsert${via} } }
streams:
  accounts:
    source: { files: "accounts.csv" }
    target: { object: Account, key: Acc__c }
    map: { Acc__c: id, Name: id, ${main}, "Parent.Acc__c": parent }
  contacts:
    source: { files: "contacts.csv" }
    target: { object: Contact, key: Ext__c }
    map: { Ext__c: id, LastName: last, Code__c: code, ${account} }
    validate: [ { field: LastName, required: true } ]
rejects: { max: 100% }
`;
const byStream = job("Main__c: { parent: contacts, from: main }", "AccountId: { parent: accounts, from: account }");
const byKey = (via: string) => job('"Main__r.Ext__c": main', '"Account.Acc__c": account', via);

/** A1 and C1 name each other, A2 and A3 too; A4's contact is rejected, A5's in no row, A6's refused by the org. */
const files = {
  "inbox/accounts.csv": "id,main,parent\nA1,c1,\nA2,C1,A3\nA3,C2,A2\nA4,C4,\nA5,C9,\nA6,C6,\nA7,,A1\nOld,C2,\n",
  "inbox/contacts.csv": "id,last,code,account\nC1,L,,a1\nC2,L,,A2\nC3,L,,A7\nC4,,,A4\nC5,L,,A9\nC6,L,taken,A6\n",
};

/** "A1 C1 -": accounts with their contact and their parent; contacts with their account. */
async function linked({ sandbox }: Rehearsal): Promise<{ accounts: string[]; contacts: string[] }> {
  const [accounts, contacts] = [await sandbox.dump("Account"), await sandbox.dump("Contact")];
  const names = new Map([...accounts, ...contacts].map((one) => [one["Id"], one["Acc__c"] ?? one["Ext__c"]]));
  const name = (id: unknown) => names.get(id as string) ?? "-";
  return {
    accounts: accounts.map((one) => `${one["Acc__c"]} ${name(one["Main__c"])} ${name(one["ParentId"])}`).sort(),
    contacts: contacts
      .filter((one) => one["Ext__c"] !== null)
      .map((one) => `${one["Ext__c"]} ${name(one["AccountId"])}`)
      .sort(),
  };
}

test.each([
  ["parent entries", byStream, "settled:1"],
  ["keys", byKey(""), "parted:1"],
  ["keys in bulk", byKey(", via: bulk"), "settled:3"],
])("streams that name each other by %s are created first, and then given what they name", async (_by, text, at) => {
  await using place = await rehearse(text, files, schema);
  const { sandbox, project } = place;
  await sandbox.api("POST", "sobjects/Account", { Name: "Old", Acc__c: "Old" });
  await sandbox.api("POST", "sobjects/Contact", { LastName: "Other", Code__c: "taken" });
  const plan = await project.run("plan", "job.yaml");
  expect(plan.stdout).toContain(
    "Main__r.Ext__c: 7 rows name records of a stream after this one: a second pass sets it",
  );
  expect(plan.stdout).toContain("2 rows of stream accounts name records that this stream does not make");
  const killed = await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: at } }).finished;
  expect(killed.signal).toBe("SIGKILL");
  const done = await project.run("resume", "--json");
  const { accounts, contacts } = done.summary().streams;
  expect(accounts, done.stderr).toMatchObject({ extracted: 8, creates: 7, updates: 1, loaded: 5, failed: 3 });
  expect(contacts).toMatchObject({ extracted: 6, rejected: 2, creates: 4, loaded: 3, failed: 1 });
  const folder = project.runFolders().at(-1);
  const rejects = readFileSync(`${folder}/rejects/accounts.csv`, "utf8").trim().split("\n").slice(1).sort();
  expect(rejects[0]).toContain("its parent contacts C4 was rejected: contacts.csv line 5: LastName: is required");
  expect(rejects[1]).toContain("its parent contacts C9 is in no row");
  expect(rejects[2]).toContain("its parent contacts C6 was refused: DUPLICATE_VALUE");
  expect(await linked(place)).toEqual({
    accounts: ["A1 C1 -", "A2 C1 A3", "A3 C2 A2", "A4 - -", "A5 - -", "A6 - -", "A7 - A1", "Old C2 -"],
    contacts: ["C1 A1", "C2 A2", "C3 A7"],
  });
  const again = await project.run("run", "job.yaml", "--json");
  expect(again.summary().streams).toMatchObject({
    accounts: { creates: 0, updates: 3, loaded: 0, failed: 3, unchanged: 5 },
    contacts: { unchanged: 3, loaded: 0 },
  });
});

test("a stream comes after those whose records it names by a key, whatever the order of the file", async () => {
  const text = `version: 1
name: order
defaults: { source: { connection: drop }, target: { connection: salesforce, mode: upsert } }
streams:
  contacts:
    source: { files: "contacts.csv" }
    target: { object: Contact, key: Ext__c }
    map: { Ext__c: id, LastName: id, "Account.Acc__c": account }
  accounts:
    source: { files: "accounts.csv" }
    target: { object: Account, key: Acc__c }
    map: { Acc__c: id, Name: id }
rejects: { max: 100% }
`;
  await using place = await rehearse(text, {
    "inbox/accounts.csv": "id\nA1\n",
    "inbox/contacts.csv": "id,account\nC1,A1\nC2,A2\n",
  });
  const done = await place.project.run("run", "job.yaml", "--json");
  expect(Object.keys(done.summary().streams)).toEqual(["accounts", "contacts"]);
  expect(done.summary().streams["contacts"]).toMatchObject({ loaded: 1, rejected: 1 });
});

test("in HubSpot too, from both ends of an association", async () => {
  const text = `version: 1
name: both
defaults: { source: { connection: drop }, target: { connection: hubspot, mode: upsert } }
streams:
  companies:
    source: { files: "accounts.csv" }
    target: { object: companies, key: vendor_id }
    map: { vendor_id: id, name: id, contacts: { parent: contacts, from: main, miss: later } }
  contacts:
    source: { files: "contacts.csv" }
    target: { object: contacts, key: ext_id }
    map: { ext_id: id, lastname: id, companies: { parent: companies, from: account, miss: later } }
rejects: { max: 100% }
`;
  const property = { type: "string", fieldType: "text", hasUniqueValue: true };
  const objects = {
    hubspot: {
      contacts: { properties: { ext_id: property } },
      companies: { properties: { vendor_id: property } },
    },
  };
  await using place = await rehearse(
    text,
    { "inbox/accounts.csv": "id,main\nA1,C1\nA2,C2\n", "inbox/contacts.csv": "id,account\nC1,A2\nC2,\nC3,A9\n" },
    objects,
  );
  const done = await place.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams).toMatchObject({
    companies: { creates: 2, loaded: 2 },
    contacts: { creates: 2, loaded: 2, waiting: 1 },
  });
  const names = new Map((await place.sandbox.dumpHubSpot("companies")).map((one) => [one.id, one.properties["name"]]));
  const links: string[] = [];
  for (const { id, properties } of await place.sandbox.dumpHubSpot("contacts")) {
    const { body } = await place.sandbox.hubspotApi("GET", `/crm/v4/objects/contacts/${id}/associations/companies`);
    const { results } = body as { results: { toObjectId: number }[] };
    links.push(...results.map(({ toObjectId }) => `${properties["ext_id"]} ${names.get(String(toObjectId))}`));
  }
  expect(links.sort()).toEqual(["C1 A1", "C1 A2", "C2 A2"]);
  const again = await place.project.run("run", "job.yaml", "--json");
  expect(again.summary().streams).toMatchObject({
    companies: { unchanged: 2, loaded: 0 },
    contacts: { unchanged: 2, loaded: 0, waiting: 1 },
  });
});
