// Records to begin with: a few companies and contacts to look at, or any number of records for tests and measurements.

import { z } from "zod";
import { demoAddress, demoDomain, demoPeople } from "../demo.ts";
import type { ObjectType } from "./catalog/object-type.ts";
import { notFound } from "./errors.ts";
import type { Portal } from "./portal.ts";
import { createRecord, type GivenProperties } from "./records/writer.ts";

/** `sameMillisecond`: so many of the records, those in the middle, carry one and the same time of change. */
export const seedRequest = z.strictObject({
  object: z.string(),
  count: z.int().positive(),
  sameMillisecond: z.int().nonnegative().default(0),
  /** Values of every record; `{n}` in a value is the record's number, from 1. */
  properties: z.record(z.string(), z.string()).default({}),
});

/** Fills a fresh portal. Does nothing where there are records already. */
export function seedPortal(portal: Portal, seed: "demo" | "empty"): void {
  const company = portal.catalog.objectType("companies");
  const contact = portal.catalog.objectType("contacts");
  if (seed === "empty" || company === undefined || contact === undefined) return;
  if (portal.store.listAll(contact, 0, 1).length > 0) return;
  portal.store.transact(() => insertDemoRecords(portal, company, contact));
}

/** Inserts records in one transaction and tells the ids of the first and the last. Each is a millisecond after the one before. */
export function seedRecords(
  portal: Portal,
  { object, count, sameMillisecond, properties }: z.infer<typeof seedRequest>,
): { first: string; last: string } {
  const type = portal.catalog.objectType(object);
  if (type === undefined) throw notFound();
  return portal.store.transact(() => {
    const end = portal.store.tick();
    const shared = Math.max(0, sameMillisecond - 1);
    const start = end - (count - shared);
    const before = Math.floor((count - sameMillisecond) / 2);
    let [first, last] = [0, 0];
    for (let number = 1; number <= count; number += 1) {
      const own = number <= before ? number : Math.max(before + 1, number - shared);
      const { id } = createRecord(portal, type, seedProperties(type, number, properties), start + own);
      first ||= id;
      last = id;
    }
    return { first: String(first), last: String(last) };
  });
}

function seedProperties(type: ObjectType, number: number, given: Readonly<Record<string, string>>): GivenProperties {
  const named = Object.entries(given).map(([name, value]) => [name, value.replaceAll("{n}", String(number))] as const);
  return { ...usualProperties(type, number), ...Object.fromEntries(named) };
}

function usualProperties(type: ObjectType, number: number): GivenProperties {
  switch (type.name) {
    case "contacts":
      return { email: `seed.${number}@loadline.example`, firstname: "Seed", lastname: `Contact ${number}` };
    case "companies":
      return { name: `Seed company ${number}`, domain: `seed-${number}.example` };
    case "deals":
      return {
        dealname: `Seed deal ${number}`,
        amount: String(number),
        dealstage: "appointmentscheduled",
        pipeline: "default",
      };
    case "tickets":
      return { subject: `Seed ticket ${number}`, hs_pipeline: "0", hs_pipeline_stage: "1" };
    default:
      return {};
  }
}

const demoCompanies = [
  ["Harbour Freight Cooperative", "LOGISTICS_AND_SUPPLY_CHAIN", "Rotterdam", "Netherlands", 48_000_000, 310],
  ["Northwind Grain Traders", "FARMING", "Winnipeg", "Canada", 12_500_000, 85],
  ["Alder & Pine Furniture", "FURNITURE", "Grand Rapids", "United States", 7_300_000, 64],
  ["Lumen Diagnostics", "HOSPITAL_HEALTH_CARE", "Lyon", "France", 22_100_000, 140],
  ["Blue Mesa Energy", "OIL_ENERGY", "Santa Fe", "United States", 134_000_000, 410],
  ["Granite State Bank", "BANKING", "Concord", "United States", 210_000_000, 640],
] as const;

/** Half of the people of a demo org. */
const peopleCount = 12;

function insertDemoRecords(portal: Portal, company: ObjectType, contact: ObjectType): void {
  const at = portal.store.tick();
  const employers = demoCompanies.map(([name, industry, city, country, annualrevenue, numberofemployees]) => {
    const domain = demoDomain(name);
    const given = { name, domain, industry, city, country, annualrevenue, numberofemployees };
    return { id: createRecord(portal, company, given, at).id, domain };
  });
  const primary = portal.associations.find(contact, company, "HUBSPOT_DEFINED", 1);
  demoPeople.slice(0, peopleCount).forEach(([firstname, lastname], index) => {
    const employer = employers[index % employers.length];
    const email = demoAddress(firstname, lastname, employer?.domain);
    const given = { firstname, lastname, email, lifecyclestage: "lead" };
    const { id } = createRecord(portal, contact, given, at);
    if (employer !== undefined && primary !== undefined)
      portal.associations.link({ type: contact, id }, { type: company, id: employer.id }, [primary]);
  });
}
