// Many values in one run: each is a row of its own, mapped into one field of Salesforce or HubSpot, and is either stored
// there or a reject. So that a case can try its kind over types and systems for the price of one load.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect } from "vitest";
import { option, type Rehearsal, rehearse } from "../../run/support.ts";

export interface Trial {
  /** The field and the value of a row. */
  into: string;
  value: string;
  /** What the system holds then, as text; or what the reject says. */
  is: string | RegExp;
}

const salesforceFields = {
  Ext__c: { type: "string", length: 40, externalId: true, unique: true },
  Count__c: { type: "int" },
  Whole__c: { type: "double", precision: 18, scale: 0 },
  Amount__c: { type: "currency", precision: 18, scale: 2 },
  /** As Account.AnnualRevenue: shown without decimals, kept with them. */
  Revenue__c: { type: "currency", precision: 18, scale: 0 },
  Rate__c: { type: "percent", precision: 5, scale: 2 },
  Active__c: { type: "boolean" },
  Day__c: { type: "date" },
  Seen__c: { type: "datetime" },
  Tier__c: { type: "picklist", values: ["Gold", "Silver"], restricted: true },
  Region__c: { type: "picklist", values: ["North", "South"] },
  Tags__c: { type: "multipicklist", length: 500, values: ["Red", "Green", "Sky Blue"], restricted: true },
  Mail__c: { type: "email" },
  Text__c: { type: "string", length: 40 },
};

const hubspotFields = {
  ext_id: { type: "string", fieldType: "text", hasUniqueValue: true },
  score: { type: "number", fieldType: "number" },
  born: { type: "date", fieldType: "date" },
  seen_at: { type: "datetime", fieldType: "date" },
  active: { type: "bool", fieldType: "booleancheckbox" },
  tier: { type: "enumeration", fieldType: "select", options: [option("Gold", "g"), option("İzmir", "i")] },
  tags: { type: "enumeration", fieldType: "checkbox", options: [option("Red", "r"), option("Sky Blue", "s")] },
};

const objects = {
  salesforce: { Contact: { fields: salesforceFields } },
  hubspot: { contacts: { properties: hubspotFields } },
};

export interface Trials {
  salesforce?: readonly Trial[];
  hubspot?: readonly Trial[];
  /** SQL of the value, over `v`; the text as it is. */
  expression?: string;
  /** Of map entries, `, round: down` say. */
  options?: string;
  /** Lines at the top level of the job. */
  top?: string;
}

/** Loads all trials, and expects each to be what it says. Gives the project, for what a case does then. */
export async function tryValues(trials: Trials): Promise<Rehearsal> {
  const { expression = "v", options = "", top = "", salesforce = [], hubspot = [] } = trials;
  const map = (tried: readonly Trial[]) =>
    [...new Set(tried.map(({ into }) => into))]
      .map((field) => `      ${field}: { from: "CASE WHEN f = '${field}' THEN ${expression} END"${options} }\n`)
      .join("");
  const stream = (name: string, target: string, entries: string) =>
    `  ${name}:\n    source: { connection: drop, files: "${name}.csv" }\n    target: ${target}\n    map:\n${entries}`;
  const streams = [
    ...(salesforce.length === 0
      ? []
      : [
          stream(
            "salesforce",
            "{ connection: salesforce, object: Contact, key: Ext__c, mode: upsert }",
            `      Ext__c: k\n      LastName: k\n${map(salesforce)}`,
          ),
        ]),
    ...(hubspot.length === 0
      ? []
      : [
          stream(
            "hubspot",
            "{ connection: hubspot, object: contacts, key: ext_id, mode: upsert }",
            `      ext_id: k\n${map(hubspot)}`,
          ),
        ]),
  ];
  const job = `version: 1\nname: trials\nstreams:\n${streams.join("")}rejects: { max: 100% }\n${top}\n`;
  const place = await rehearse(
    job,
    { "inbox/salesforce.csv": toCsv("salesforce", salesforce), "inbox/hubspot.csv": toCsv("hubspot", hubspot) },
    objects,
  );
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  const held = await readHeld(place);
  const rejected = readRejects(place);
  const found = (name: string, tried: readonly Trial[]) =>
    tried.map(({ into, value }, index) => {
      const key = `${name}-${index}`;
      return [into, value, rejected.get(key) ?? text(held.get(key)?.[into])];
    });
  const wanted = (tried: readonly Trial[]) =>
    tried.map(({ into, value, is }) => [into, value, typeof is === "string" ? is : expect.stringMatching(is)]);
  expect(found("salesforce", salesforce)).toEqual(wanted(salesforce));
  expect(found("hubspot", hubspot)).toEqual(wanted(hubspot));
  // What was stored is what the source says: the next plan is empty.
  const again = (await place.project.run("plan", "job.yaml", "--json")).summary();
  for (const counts of Object.values(again.streams))
    expect(counts).toMatchObject({ creates: 0, updates: 0, deletes: 0 });
  return place;
}

function toCsv(name: string, trials: readonly Trial[]): string {
  const cell = (value: string) => `"${value.replaceAll('"', '""')}"`;
  const rows = trials.map(({ into, value }, index) => [`${name}-${index}`, into, value].map(cell).join(","));
  return `k,f,v\n${rows.join("\n")}\n`;
}

function text(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}

async function readHeld({ sandbox }: Rehearsal): Promise<Map<string, Record<string, unknown>>> {
  const contacts = await sandbox.dump("Contact");
  const others = await sandbox.dumpHubSpot("contacts");
  return new Map([
    ...contacts.map((record) => [String(record["Ext__c"]), record] as const),
    ...others.map(({ properties }) => [String(properties["ext_id"]), properties] as const),
  ]);
}

/** The message of each rejected row, by its column `k`. */
export function readRejects({ project }: Rehearsal): Map<string, string> {
  const runs = join(project.folder, ".loadline", "runs");
  const files = readdirSync(runs, { recursive: true, encoding: "utf8" }).filter((path) =>
    /rejects\/[^/]+\.csv$/.test(path),
  );
  const rows = files.flatMap(
    (path) => parse(readFileSync(join(runs, path)), { columns: true }) as Record<string, string>[],
  );
  return new Map(rows.map((row) => [row["k"] ?? "", row["loadline_error"] ?? ""]));
}
