// Keys as people write them, through the real binary: a row finds its own record, whatever stands around its key.

import { expect, test } from "vitest";
import { hubspotProperties, rehearse } from "./support.ts";

const schema = {
  salesforce: {
    Contact: {
      fields: {
        Ext__c: { type: "string", length: 40, externalId: true, unique: true },
      },
    },
    Account: {
      fields: { Cased__c: { type: "string", length: 40, externalId: true, unique: true, caseSensitive: true } },
    },
    Lead: {
      fields: {
        Site__c: { type: "string", length: 40 },
        Day__c: { type: "date" },
        Amount__c: { type: "double", precision: 18, scale: 2 },
      },
    },
  },
  hubspot: { contacts: { properties: hubspotProperties } },
};

const job = `version: 1
name: keys
defaults: { source: { connection: drop }, target: { mode: upsert } }
streams:
  one:
    source: { files: one.csv }
    target: { connection: salesforce, object: Contact, key: Ext__c }
    map: { Ext__c: k, LastName: n }
  several:
    source: { files: several.csv }
    target: { connection: salesforce, object: Lead, key: [Site__c, Day__c, Amount__c] }
    map: { Site__c: s, Day__c: d, Amount__c: a, FirstName: n, LastName: "'x'", Company: "'x'" }
  cased:
    source: { files: cased.csv }
    target: { connection: salesforce, object: Account, key: Cased__c }
    map: { Cased__c: k, Name: n }
  hubspot:
    source: { files: one.csv }
    target: { connection: hubspot, object: contacts, key: ext_id }
    map: { ext_id: k, lastname: n }
rejects: { max: 100% }
`;

test("what nobody sees at the ends of a key is no part of it, also where several fields are the key", async () => {
  await using place = await rehearse(
    job,
    {
      "inbox/one.csv": 'k,n\nA1,old\n\u001fA2\u00a0,old\n\u2060A3,old\n"it\'s\u2028A4",old\n',
      "inbox/cased.csv": "k,n\nab,ab\nAB\u200b,AB\n",
      "inbox/several.csv": 's,d,a,n\ny\u00a0,2026-01-02,1.50,old\n"a, b",2026-01-04,2,old\na,2026-01-04,2,old\n',
    },
    schema,
  );
  const { project, sandbox } = place;
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  project.write({
    "inbox/one.csv": 'k,n\na1\u200b,new\nA2,new\n\u202aA3\u202c,new\n"IT\'S\u2028A4",new\n',
    "inbox/several.csv":
      's,d,a,n\nY,2026-01-02T00:00:00Z,1.5,new\n"A, B\u2007",2026-01-04,2.0,new\n\u200bA,2026-1-4,2e0,new\n',
  });
  const { streams } = (await project.run("run", "job.yaml", "--json")).summary();
  expect(streams["one"]).toMatchObject({ creates: 0, updates: 4, rejected: 0 });
  expect(streams["several"]).toMatchObject({ creates: 0, updates: 3, rejected: 0 });
  // Where the field tells case, so does the run: https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/langCon_apex_dml_examples_upsert.htm
  expect(streams["cased"]).toMatchObject({ unchanged: 2, rejected: 0 });
  expect((await sandbox.dump("Account")).map((record) => record["Cased__c"]).sort()).toEqual(["AB", "ab"]);
  expect(streams["hubspot"]).toMatchObject({ creates: 0, updates: 4, rejected: 0 });
  const contacts = [...(await sandbox.dump("Contact")), ...(await sandbox.dump("Lead"))];
  expect(contacts.map((record) => record["Ext__c"] ?? record["Site__c"]).sort()).toEqual(
    ["A1", "A2", "A3", "it's\u2028A4", "y", "a, b", "a"].sort(),
  );
  expect(contacts.map((record) => record["FirstName"] ?? record["LastName"])).not.toContain("old");
  const others = await sandbox.dumpHubSpot("contacts");
  expect(others.map(({ properties }) => properties["lastname"])).toEqual(["new", "new", "new", "new"]);
});
