import { expect } from "vitest";
import { hubspotProperties, rehearse, schema } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const days = ["2026-02-01", "2026-03-29", "2026-07-01", "2026-10-25", "1999-12-31"];

caseOf("values/day-lost-between-crms", "a day is the same day there and back", async () => {
  for (const timezone of ["Europe/Berlin", "America/Los_Angeles"]) {
    const job = (name: string, source: string, target: string, map: string) => `version: 1
name: ${name}
timezone: ${timezone}
streams:
  c:
    source: ${source}
    target: ${target}
    map: ${map}
`;
    const salesforce = "{ connection: salesforce, object: Contact, key: Ext__c, mode: upsert }";
    const hubspot = "{ connection: hubspot, object: contacts, key: ext_id, mode: upsert }";
    await using place = await rehearse(
      job(
        "load",
        '{ connection: drop, files: "in.csv" }',
        salesforce,
        "{ Ext__c: day, LastName: day, Seen__c: CAST(day AS DATE) }",
      ),
      {
        "inbox/in.csv": `day\n${days.join("\n")}\n`,
        "there.yaml": job(
          "there",
          "{ connection: salesforce, object: Contact }",
          hubspot,
          "{ ext_id: Ext__c, born: Seen__c }",
        ),
        "on.yaml": job("on", "{ connection: hubspot, object: contacts }", hubspot, "{ ext_id: ext_id, seen_at: born }"),
        "back.yaml": job(
          "back",
          "{ connection: hubspot, object: contacts }",
          salesforce,
          "{ Ext__c: ext_id, LastName: ext_id, Birthdate: seen_at }",
        ),
      },
      { ...schema, hubspot: { contacts: { properties: hubspotProperties } } },
    );
    for (const file of ["job.yaml", "there.yaml", "on.yaml", "back.yaml"]) await place.project.run("run", file);
    const there = (await place.sandbox.dumpHubSpot("contacts")).map(({ properties }) => [
      properties["ext_id"],
      properties["born"],
    ]);
    const same = days.map((day) => [day, day]).sort();
    expect(there.filter(([key]) => days.includes(key ?? "")).sort(), timezone).toEqual(same);
    const back = [...(await place.contacts())].map(([key, record]) => [key, record["Birthdate"]]);
    expect(back.sort(), timezone).toEqual(same);
  }
});
