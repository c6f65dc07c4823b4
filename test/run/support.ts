// A small job into a sandbox's Contacts, for the tests of this folder.

import { connections, createProject, type Project, type Sandbox, startSandbox } from "../support/rig.ts";

export const schema = {
  salesforce: {
    Account: { fields: { Acc__c: { type: "string", length: 40, externalId: true, unique: true } } },
    Contact: {
      fields: {
        Ext__c: { type: "string", length: 40, externalId: true, unique: true },
        /** As a key it makes creates go in bulk: the org does not keep it unique. */
        Loose__c: { type: "string", length: 40, externalId: true },
        Amount__c: { type: "double", precision: 18, scale: 2 },
        Active__c: { type: "boolean" },
        Seen__c: { type: "datetime" },
      },
    },
  },
};

/** Properties of HubSpot's contacts: a key, and one of each type that takes no options. */
export const hubspotProperties = {
  ext_id: { type: "string", fieldType: "text", hasUniqueValue: true },
  score: { type: "number", fieldType: "number" },
  born: { type: "date", fieldType: "date" },
  seen_at: { type: "datetime", fieldType: "date" },
  active: { type: "bool", fieldType: "booleancheckbox" },
};

export const option = (label: string, value: string) => ({ label, value });

export interface Rehearsal extends AsyncDisposable {
  sandbox: Sandbox;
  project: Project;
  /** Live records by their Ext__c. */
  contacts(): Promise<Map<string, Record<string, unknown>>>;
}

/** A project with one job `job.yaml` (more files can be written later) and a sandbox for it. */
export async function rehearse(
  job: string,
  files: Record<string, string | Uint8Array>,
  objects: object = schema,
): Promise<Rehearsal> {
  const sandbox = await startSandbox({ schema: objects });
  const project = createProject({ ...connections(sandbox), "job.yaml": job, ...files });
  return {
    sandbox,
    project,
    async contacts() {
      const live = (await sandbox.dump("Contact")).filter((record) => record["IsDeleted"] !== true);
      return new Map(live.map((record) => [String(record["Ext__c"]), record]));
    },
    async [Symbol.asyncDispose]() {
      await project[Symbol.asyncDispose]();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

export interface JobParts {
  mode?: string;
  map?: string;
  /** Lines below the stream. */
  stream?: string;
  /** Lines at the top level. */
  top?: string;
  target?: string;
  source?: string;
}

/** A job of one stream, `contacts`, from contacts*.csv. */
export function contactsJob({
  mode = "upsert",
  map,
  stream = "",
  top = "",
  target = "",
  source = "",
}: JobParts = {}): string {
  return `version: 1
name: contacts
streams:
  contacts:
    source: { connection: drop, files: "contacts*.csv"${source} }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: ${mode}${target} }
    map:
${map ?? "      Ext__c: id\n      LastName: last\n      Email: email"}
${stream}
rejects: { max: 100% }
${top}
`;
}
