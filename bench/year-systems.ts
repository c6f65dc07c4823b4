// What people do in a CRM of the sandbox between two nights, in Salesforce's words and in HubSpot's, and what it holds.

import { schema as ofSalesforce, type Rehearsal } from "../test/run/support.ts";

/** Of a live record: its key, "" for one that people made, and the mapped fields. */
export interface LiveRecord {
  id: string;
  key: string;
  last: string;
  phone: string;
}

interface System {
  target: string;
  map: string;
  /** Of a night on which it is away. */
  calls: string;
  /** What shows late is told then at the latest. */
  lagMs: number;
  prepare?(place: Rehearsal): Promise<unknown>;
  live(place: Rehearsal): Promise<LiveRecord[]>;
  edit(place: Rehearsal, id: string, phone: string): Promise<unknown>;
  remove(place: Rehearsal, id: string): Promise<unknown>;
  /** For good: nothing but a log, or nothing at all, tells of it. */
  erase(place: Rehearsal, id: string): Promise<unknown>;
  create(place: Rehearsal, last: string): Promise<unknown>;
  /** A record of the job becomes one of people. */
  disown(place: Rehearsal, id: string, last: string): Promise<unknown>;
  merge(place: Rehearsal, winner: string, loser: string): Promise<unknown>;
}

const controlPath = "/__sandbox/salesforce";
const contactPath = "sobjects/Contact";
const contactsPath = "/crm/v3/objects/contacts";

const salesforce: System = {
  target: "connection: salesforce, object: Contact, key: Ext__c",
  map: "Ext__c: id, LastName: last, Phone: phone",
  calls: "* /services/data/**",
  lagMs: 0,
  async live({ sandbox }) {
    const records = (await sandbox.dump("Contact")).filter((one) => one["IsDeleted"] !== true);
    return records.map((one) => ({
      id: String(one["Id"]),
      key: String(one["Ext__c"] ?? ""),
      last: String(one["LastName"]),
      phone: String(one["Phone"] ?? ""),
    }));
  },
  edit: ({ sandbox }, id, phone) => sandbox.api("PATCH", `${contactPath}/${id}`, { Phone: phone }),
  remove: ({ sandbox }, id) => sandbox.api("DELETE", `${contactPath}/${id}`),
  async erase(place, id) {
    await place.sandbox.api("DELETE", `${contactPath}/${id}`);
    await control(place, "purge", { object: "Contact", ids: [id] });
  },
  create: ({ sandbox }, last) => sandbox.api("POST", contactPath, { LastName: last }),
  disown: ({ sandbox }, id, last) =>
    sandbox.api("PATCH", `${contactPath}/${id}`, { Ext__c: null, LastName: last, Phone: null }),
  merge: (place, master, loser) => control(place, "merge", { object: "Contact", master, merged: [loser] }),
};

async function control({ sandbox }: Rehearsal, action: string, body: object): Promise<void> {
  const url = `${sandbox.origin}${controlPath}/${action}`;
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${action}: ${await answer.text()}`);
}

const hubspot: System = {
  target: "connection: hubspot, object: contacts, key: ext_id",
  map: "ext_id: id, lastname: last, phone: phone",
  calls: "* /crm/**",
  lagMs: 20 * 60_000,
  prepare: ({ sandbox }) => sandbox.hubspotApi("POST", "/__sandbox/hubspot/search-lag", { ms: 5 * 60_000 }),
  async live({ sandbox }) {
    const records = (await sandbox.dumpHubSpot("contacts")).filter(({ archived }) => !archived);
    return records.map(({ id, properties }) => ({
      id,
      key: properties["ext_id"] ?? "",
      last: properties["lastname"] ?? "",
      phone: properties["phone"] ?? "",
    }));
  },
  edit: ({ sandbox }, id, phone) => sandbox.hubspotApi("PATCH", `${contactsPath}/${id}`, { properties: { phone } }),
  remove: ({ sandbox }, id) => sandbox.hubspotApi("DELETE", `${contactsPath}/${id}`),
  erase: ({ sandbox }, id) => sandbox.hubspotApi("POST", `${contactsPath}/gdpr-delete`, { objectId: id }),
  create: ({ sandbox }, lastname) => sandbox.hubspotApi("POST", contactsPath, { properties: { lastname } }),
  disown: ({ sandbox }, id, lastname) =>
    sandbox.hubspotApi("PATCH", `${contactsPath}/${id}`, { properties: { ext_id: "", lastname, phone: "" } }),
  merge: ({ sandbox }, primaryObjectId, objectIdToMerge) =>
    sandbox.hubspotApi("POST", `${contactsPath}/merge`, { primaryObjectId, objectIdToMerge }),
};

/** Throws an Error where there is no such system. */
export function readSystem(name: string): System {
  const system = { salesforce, hubspot }[name];
  if (system === undefined) throw new Error(`there is no system ${name}`);
  return system;
}

export const schema = {
  ...ofSalesforce,
  hubspot: { contacts: { properties: { ext_id: { type: "string", fieldType: "text", hasUniqueValue: true } } } },
};

/** `present`: more of the target. */
export function yearJob({ target, map }: System, present: string): string {
  return `version: 1
name: year
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { ${target}, mode: upsert${present} }
    map: { ${map} }
guards: { deletes: 0 }
`;
}
