import { expect } from "vitest";
import { contactsJob, hubspotProperties, option, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const key = { type: "string", length: 40, externalId: true, unique: true };
const fields = {
  Ext__c: key,
  Tier__c: { type: "picklist", values: ["Gold", "Silver"], restricted: true },
  Region__c: { type: "picklist", values: ["North", "South"] },
  Code__c: { type: "string", length: 5 },
  Badge__c: { type: "string", length: 9, unique: true },
  Score__c: { type: "double", precision: 5, scale: 2 },
  Count__c: { type: "int" },
  Work__c: { type: "email" },
};
const names = ["Tier__c", "Region__c", "Code__c", "Badge__c", "Score__c", "Count__c", "Work__c"];
const map = ["Ext__c: id", "LastName: last", ...names.map((name) => `${name}: ${name}`)];
const job = contactsJob({ map: map.map((line) => `      ${line}`).join("\n"), top: "redact: [Work__c]" });

/** Rows by id, each with what is wrong of it. */
const rows: [string, string, RegExp?][] = [
  ["A", "Ann,Gold,North,12345,,999.99,999999999,a@b.example"],
  ["B", "Ann,Bronze,South,,,,,", /"Bronze" is not in its restricted picklist \(Gold, Silver\)",Tier__c/],
  ["C", "Ann,Silver,Norht,,,,,"],
  ["D", "Ann,,,123456,,,,", /has 6 characters, the field takes 5"?,Code__c/],
  ["E", "Ann,,,😀😀😀😀😀,,,,"],
  ["F", "Ann,,,,1,,,", /sets "1", as 1 other row of this run would; it must be unique",Badge__c/],
  ["G", "Ann,,,,1,,,", /must be unique",Badge__c/],
  ["H", "Ann,,,,,1000,,", /has more digits before the decimal point than the field takes \(3\)"?,Score__c/],
  ["I", "Ann,,,,,,1000000000,", /has more digits before the decimal point than the field takes \(9\)"?,Count__c/],
  ["J", "Ann,,,,,,,a@b", /,a@b,\(hidden\) is not an email address,Work__c/],
  ["K", "Ann,,,,,,,ä..ö.@bücher.example"],
  ["L", ",,,,,,,", /"?has no value, and a new record must have one"?,LastName/],
];
const csv = `id,last,${names.join(",")}\n${rows.map(([id, cells]) => `${id},${cells}`).join("\n")}\n`;

caseOf("plans/restricted-picklist", "a plan refuses what describe says can't be", async () => {
  await using place = await rehearse(job, { "inbox/contacts.csv": csv }, { salesforce: { Contact: { fields } } });
  const plan = await place.project.run("plan", "job.yaml", "--json");
  const bad = rows.filter(([, , reason]) => reason !== undefined);
  const good = rows.length - bad.length;
  expect(plan.summary().streams["contacts"]).toMatchObject({ creates: good, rejected: bad.length, unchanged: 0 });
  const rejects = place.project.read(`.loadline/runs/${plan.summary().run}/rejects/contacts.csv`).replaceAll('""', '"');
  for (const [id, , reason] of bad) {
    expect(rejects.split("\n").find((line) => line.startsWith(`${id},`))).toMatch(reason ?? / /);
  }
  expect(plan.stderr.replace(/\s+/g, " ")).toContain(
    "Region__c: the value of 1 row is not in the picklist, which takes",
  );
  const run = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(run.streams["contacts"]).toMatchObject({ loaded: good, failed: 0, rejected: bad.length });
  // What a record holds already, and the run leaves alone, is no reason to refuse its row.
  place.project.write({
    "inbox/contacts.csv": `id,last,${names.join(",")}\nA,Ann,Gold,North,12345,,999.99,,\nE,,,,,,,,\n`,
  });
  const again = (await place.project.run("run", "job.yaml", "--json")).summary();
  expect(again.streams["contacts"]).toMatchObject({ unchanged: 2, rejected: 0 });
  const strict = job.replace("max: 100%", "max: 0");
  place.project.write({
    "job.yaml": strict,
    "inbox/contacts.csv": "id,last,Tier__c,Region__c,Code__c,Badge__c,Score__c,Count__c,Work__c\nZ,Ann,Tin,,,,,,\n",
  });
  const stopped = await place.project.run("run", "job.yaml", "--json");
  expect([stopped.code, (await place.contacts()).has("Z")]).toEqual([4, false]);

  const options = [option("Gold", "g"), option("Silver", "s")];
  const tier = { type: "enumeration", fieldType: "select", options };
  const contacts = { properties: { ...hubspotProperties, tier } };
  const hubspot = contactsJob({ map: "      ext_id: id\n      email: mail\n      tier: tier" }).replace(
    "connection: salesforce, object: Contact, key: Ext__c",
    "connection: hubspot, object: contacts, key: ext_id",
  );
  const people = "id,mail,tier\na,a@b.example,Gold\nb,b@,g\nc,c@d.example,Bronze\nd,E@f.example,\ne,e@F.example,\n";
  await using portal = await rehearse(hubspot, { "inbox/contacts.csv": people }, { hubspot: { contacts } });
  const found = (await portal.project.run("plan", "job.yaml", "--json")).summary();
  expect(found.streams["contacts"]).toMatchObject({ creates: 1, rejected: 4 });
});
