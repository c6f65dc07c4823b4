// Two jobs that are twins, between a Salesforce and a HubSpot of the sandbox. In: changes that people make on either side.
// Out: runs of the two jobs, and what both systems hold.

import { expect } from "vitest";
import { startRelay } from "./relay.ts";
import { connections, createProject, type Finished, type Project, type Sandbox, startSandbox } from "./rig.ts";

export const toHubSpot = "jobs/to-hubspot.yaml";
export const toSalesforce = "jobs/to-salesforce.yaml";

const schema = {
  salesforce: {
    Contact: {
      fields: {
        HubSpot_Id__c: { type: "string", length: 20, externalId: true, unique: true },
        Seen_At__c: { type: "datetime" },
      },
    },
  },
  hubspot: {
    contacts: {
      properties: {
        sf_contact_id: { type: "string", fieldType: "text", hasUniqueValue: true },
        seen_on: { type: "date", fieldType: "date" },
      },
    },
  },
  // People have calls of their own, and theirs are made by the job's token here.
  hubspotLimits: { tenSecondly: 100_000 },
};

/** Fields of the two streams, as they go with `ownership`. */
export interface TwinJobs {
  ownership?: Record<string, string>;
  back?: Record<string, string>;
  match?: boolean;
  deletes?: string;
  /** Before each call that the jobs make of a system, on its way there. */
  before?: (system: "salesforce" | "hubspot", method: string, path: string) => Promise<void>;
}

function twinJobs({ ownership = {}, back = {}, match = true, deletes }: TwinJobs = {}): Record<string, string> {
  const says = (map: Record<string, string>) =>
    Object.keys(map).length === 0 ? "" : `    ownership: ${JSON.stringify(map)}\n`;
  const more = (field: string) =>
    `${match ? `    match: [${field}]\n` : ""}${deletes === undefined ? "" : `    deletes: ${deletes}\n`}`;
  const source = (connection: string, object: string) =>
    `{ connection: ${connection}, object: ${object}, incremental: {}${deletes === undefined ? "" : ", deletes: emit"} }`;
  return {
    [toHubSpot]: `version: 1
name: to-hubspot
twin: to-salesforce
rejects: { max: 100% }
guards: { changed: 100%, deletes: 100% }
streams:
  contacts:
    source: ${source("salesforce", "Contact")}
    target: { connection: hubspot, object: contacts, key: sf_contact_id, mode: upsert }
${says(ownership)}${more("email")}    map:
      sf_contact_id: Id
      email: Email
      firstname: FirstName
      lastname: LastName
      jobtitle: Title
      phone: Phone
      seen_on: { from: CAST(Seen_At__c AS DATE), on_null: clear }
`,
    [toSalesforce]: `version: 1
name: to-salesforce
twin: to-hubspot
rejects: { max: 100% }
guards: { changed: 100%, deletes: 100% }
streams:
  contacts:
    source: ${source("hubspot", "contacts")}
    target: { connection: salesforce, object: Contact, key: HubSpot_Id__c, mode: upsert }
${says(back)}${more("Email")}    map:
      HubSpot_Id__c: hs_object_id
      Email: email
      FirstName: firstname
      LastName: lastname
      Title: jobtitle
      Phone: phone
      Seen_At__c: { from: CAST(seen_on AS TIMESTAMP), on_null: clear }
`,
  };
}

export type Fields = Record<string, string | null>;

export interface Pair extends AsyncDisposable {
  /** Of Salesforce. */
  sandbox: Sandbox;
  /** Of HubSpot: with a clock and faults of its own. */
  portal: Sandbox;
  project: Project;
  /** Runs a job; gives how many records it wrote and held back. */
  run(job: string, ...flags: string[]): Promise<{ wrote: number; held: number; done: Finished }>;
  /** Both, until neither writes. Gives what each round wrote. */
  settle(): Promise<number[]>;
  salesforce(): Promise<Record<string, unknown>[]>;
  hubspot(): Promise<(Record<string, string> & { id: string })[]>;
  addSalesforce(fields: Fields): Promise<string>;
  addHubSpot(fields: Fields): Promise<string>;
  setSalesforce(id: string, fields: Fields): Promise<void>;
  setHubSpot(id: string, fields: Fields): Promise<void>;
}

export async function openPair(jobs: TwinJobs = {}): Promise<Pair> {
  const [sandbox, portal] = [await startSandbox({ schema }), await startSandbox({ schema })];
  const { before } = jobs;
  const reach = async (system: "salesforce" | "hubspot", origin: string) => {
    if (before === undefined) return { origin, [Symbol.asyncDispose]: async () => undefined };
    return startRelay(origin, async ({ method = "", url = "" }) => {
      await before(system, method, url);
      return false;
    });
  };
  const ways = [await reach("salesforce", sandbox.origin), await reach("hubspot", portal.hubspot)] as const;
  const [{ origin }, { origin: hubspot }] = ways;
  const project = createProject({ ...connections({ origin, hubspot }), ...twinJobs(jobs) });
  const run: Pair["run"] = async (job, ...flags) => {
    const done = await project.run("run", job, "--yes", "--json", ...flags);
    expect([0, 3], done.stderr).toContain(done.code);
    const streams = Object.values(done.summary().streams);
    return {
      wrote: streams.reduce((sum, { loaded }) => sum + loaded, 0),
      held: streams.reduce((sum, { conflicts }) => sum + conflicts, 0),
      done,
    };
  };
  return {
    sandbox,
    portal,
    project,
    run,
    async settle() {
      const rounds: number[] = [];
      for (let wrote = 1; wrote > 0 && rounds.length < 8; rounds.push(wrote))
        wrote = (await run(toHubSpot)).wrote + (await run(toSalesforce)).wrote;
      return rounds;
    },
    salesforce: async () => (await sandbox.dump("Contact")).filter((record) => record["IsDeleted"] !== true),
    async hubspot() {
      const live = (await portal.dumpHubSpot("contacts")).filter(({ archived }) => !archived);
      return live.map(({ id, properties }) => ({ ...properties, id }));
    },
    async addSalesforce(fields) {
      const { body } = await sandbox.api("POST", "sobjects/Contact", fields);
      return (body as { id: string }).id;
    },
    async addHubSpot(properties) {
      const { body } = await portal.hubspotApi("POST", "/crm/v3/objects/contacts", { properties });
      return (body as { id: string }).id;
    },
    async setSalesforce(id, fields) {
      expect((await sandbox.api("PATCH", `sobjects/Contact/${id}`, fields)).status).toBe(204);
    },
    async setHubSpot(id, properties) {
      expect((await portal.hubspotApi("PATCH", `/crm/v3/objects/contacts/${id}`, { properties })).status).toBe(200);
    },
    async [Symbol.asyncDispose]() {
      await project[Symbol.asyncDispose]();
      for (const one of [...ways, sandbox, portal]) await one[Symbol.asyncDispose]();
    },
  };
}
