// One load to be broken: an org, a project with an input of some sixty rows, and the commands that load it.
// In: a mode and a lane (a sandbox of its own). Out: a project ready to run, and the oracle's verdict on its end.
// What must hold: every load starts from the same org and the same input, so that a failure can be made again.

import { readFileSync } from "node:fs";
import { connections, createProject, type Finished, type Project, type Sandbox, startSandbox } from "../support/rig.ts";
import { judge, type Verdict } from "./oracle.ts";
import type { Program } from "./program.ts";

/**
 * insert: in bulk. upsert: creates in bulk, because the org does not keep the key unique, updates by collections.
 * collections: both by collections. delete: in bulk.
 */
export type LoadMode = "insert" | "upsert" | "collections" | "delete" | HubSpotMode;

/** By batch calls, but for imports: hs-insert by create, hs-upsert by upsert and update, hs-delete by archive. */
export type HubSpotMode = "hs-insert" | "hs-upsert" | "hs-import" | "hs-delete";

export const salesforceModes: readonly LoadMode[] = ["insert", "upsert", "collections", "delete"];
export const hubspotModes: readonly LoadMode[] = ["hs-insert", "hs-upsert", "hs-import", "hs-delete"];

export function isHubSpot(mode: LoadMode): boolean {
  return hubspotModes.includes(mode);
}

/** What the load does, whatever system it does it to. */
export function kindOf(mode: LoadMode): "insert" | "upsert" | "delete" {
  if (mode === "insert" || mode === "hs-insert") return "insert";
  return mode === "delete" || mode === "hs-delete" ? "delete" : "upsert";
}

export const schema = {
  hubspot: {
    contacts: {
      properties: {
        ext_id: { type: "string", fieldType: "text", hasUniqueValue: true },
        amount: { type: "number", fieldType: "number" },
      },
    },
  },
  salesforce: {
    Contact: {
      fields: {
        Ext__c: { type: "string", length: 40, externalId: true },
        Unique__c: { type: "string", length: 40, externalId: true, unique: true },
        // Not unique: the org must not be what keeps an insert from being doubled.
        Ref__c: { type: "string", length: 40 },
        Amount__c: { type: "double", precision: 18, scale: 2 },
      },
    },
  },
};

const rowCount = 62;
/** Fifteen batches of inserts, thirteen of upserts, ten of deletes. */
const usualBatchRows = 4;

export interface Lane extends AsyncDisposable {
  program: Program;
  sandbox: Sandbox;
}

/** `data`: where its sandbox keeps what it holds, for one that goes on with it. */
export async function openLane(program: Program, data?: string): Promise<Lane> {
  const sandbox = await startSandbox({ schema, ...(data === undefined ? {} : { data }) });
  return { program, sandbox, [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose]() };
}

export interface Load extends AsyncDisposable {
  project: Project;
  sandbox: Sandbox;
  before: ReadonlyMap<string, Record<string, unknown>>;
  /** Runs a command to its end, or to the kill that `env` arms. */
  run(args: readonly string[], env?: Record<string, string>): Promise<Finished>;
  start(args: readonly string[], env?: Record<string, string>): ReturnType<Program["start"]>;
  /** Compares the org with the input, and the summary of the command that ended the load, if it was one run's. */
  judge(options: { replanned: boolean; untaken?: number; last?: Finished }): Promise<Verdict>;
}

export const runJob = ["run", "jobs/contacts.yaml", "--json"] as const;
export const resume = ["resume", "--json"] as const;

/** A fresh org and a fresh project. */
export async function openLoad({ program, sandbox }: Lane, mode: LoadMode, batchRows = usualBatchRows): Promise<Load> {
  await sandbox.setFaults([]);
  await (isHubSpot(mode) ? sandbox.hubspotApi : sandbox.api)("POST", "/__sandbox/reset");
  const before =
    kindOf(mode) === "insert" ? new Map<string, Record<string, unknown>>() : await seedRecords(sandbox, mode);
  const project = createProject({
    ...connections(sandbox),
    "jobs/contacts.yaml": jobFile(mode, batchRows),
    "inbox/contacts.csv": inputFile(),
  });
  return attachLoad({ program, sandbox }, mode, project, before);
}

/** What is judged, where that is not the file in the inbox: rows that others have made conflicts are not in it. */
export interface Judged {
  csv: string;
  held: number;
  /** The org has worked on rows of earlier runs too, so that what it worked on tells nothing. */
  isSecond?: boolean;
}

/** The same load in another lane, whose org is a copy: `before` is what the org held before the load began. */
export function attachLoad(
  { program, sandbox }: Omit<Lane, typeof Symbol.asyncDispose>,
  mode: LoadMode,
  project: Project,
  before: Load["before"],
  judged?: Judged,
): Load {
  const start: Load["start"] = (args, env) => program.start(args, project.folder, env);
  return {
    project,
    sandbox,
    before,
    start,
    run: (args, env) => program.run(args, project.folder, env),
    async judge({ replanned, untaken = 0, last }) {
      const told = last === undefined ? undefined : last.summary().streams["contacts"];
      return judge({
        csv: judged?.csv ?? readFileSync(project.path("inbox/contacts.csv"), "utf8"),
        held: judged?.held ?? 0,
        mode,
        key: keyOf(mode),
        before,
        dump: isHubSpot(mode) ? await dumpHubSpot(sandbox) : await sandbox.dump("Contact"),
        jobs: isHubSpot(mode) || judged?.isSecond === true ? [] : await sandbox.jobs(),
        replanned,
        untaken,
        ...(told === undefined ? {} : { counts: { ...told } }),
      });
    },
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  };
}

/** HubSpot's records in the terms of the oracle. */
async function dumpHubSpot(sandbox: Sandbox): Promise<Record<string, unknown>[]> {
  const records = await sandbox.dumpHubSpot("contacts");
  return records.map(({ properties, archived }) => ({
    ext_id: properties["ext_id"],
    FirstName: properties["firstname"] ?? null,
    LastName: properties["lastname"] ?? null,
    Email: properties["email"] ?? null,
    Amount__c: properties["amount"] === undefined ? null : Number(properties["amount"]),
    IsDeleted: archived,
  }));
}

export function keyOf(mode: LoadMode): string {
  if (isHubSpot(mode)) return "ext_id";
  if (mode === "insert") return "Ref__c";
  return mode === "collections" ? "Unique__c" : "Ext__c";
}

function hubspotJob(mode: LoadMode, batchRows: number): string {
  const map = `    map:
      ext_id: id
      firstname: first
      lastname: last
      email: lower(email)
      amount: amount
    validate:
      - { field: lastname, required: true }
`;
  const via = mode === "hs-import" ? ", via: bulk" : "";
  return `version: 1
name: contacts
streams:
  contacts:
    source: { connection: drop, files: "contacts*.csv" }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: ${kindOf(mode)}${via}, batch: { rows: ${batchRows} } }
${kindOf(mode) === "delete" ? "    map: { ext_id: id }\n" : map}rejects: { max: 50% }
`;
}

function jobFile(mode: LoadMode, batchRows: number): string {
  if (isHubSpot(mode)) return hubspotJob(mode, batchRows);
  const map = `      FirstName: first
      LastName: last
      Email: lower(email)
      Amount__c: amount
    validate:
      - { field: LastName, required: true }
`;
  return `version: 1
name: contacts
streams:
  contacts:
    source: { connection: drop, files: "contacts*.csv" }
    target: { connection: salesforce, object: Contact, key: ${keyOf(mode)}, mode: ${mode === "collections" ? "upsert" : mode}, batch: { rows: ${batchRows} } }
    map:
      ${keyOf(mode)}: id
${mode === "delete" ? "" : map}rejects: { max: 50% }
`;
}

const awkwardNames = ["O'Neil", 'Anna "Ann"', "Müller, Dr.", "line\\nbreak", "日本", "=1+1", "#N/A?", "x\ny"];

/** Two rows that the job rejects, one that the org refuses; cells with quotes, commas, line breaks, letters of all kinds. */
export function inputFile(): string {
  const rows = Array.from({ length: rowCount }, (_, index) => {
    const last = index % 31 === 30 ? "" : `${awkwardNames[index % awkwardNames.length]} ${index}`;
    const email = index === 17 ? "no(address)" : index % 5 === 4 ? "" : `Person${index}@Example.com`;
    const amount = index % 7 === 6 ? "" : `${index}.25`;
    const first = index % 4 === 3 ? "" : `First ${index}`;
    return [`id-${index}`, first, last, email, amount].map(quote).join(",");
  });
  return `id,first,last,email,amount\n${rows.join("\n")}\n`;
}

function quote(cell: string): string {
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/**
 * Of the input's first rows eight are there as they will be, twenty with other values. For deletes forty, and five
 * records that the input does not name.
 */
async function seedRecords(sandbox: Sandbox, mode: LoadMode): Promise<Map<string, Record<string, unknown>>> {
  const recordOf = (index: number, id = `id-${index}`): Record<string, unknown> => ({
    [keyOf(mode)]: id,
    FirstName: `First ${index}`,
    LastName: index < 8 ? `${awkwardNames[index % awkwardNames.length]} ${index}` : "before",
    Email: id === `id-${index}` ? `person${index}@example.com` : `${id}@example.com`,
    Amount__c: index + 0.25,
  });
  const isDelete = kindOf(mode) === "delete";
  const records = Array.from({ length: isDelete ? 40 : 28 }, (_, index) => recordOf(index));
  if (isDelete) for (let index = 0; index < 5; index += 1) records.push(recordOf(index, `stays-${index}`));
  const byKey = new Map(records.map((record) => [String(record[keyOf(mode)]), record]));
  if (isHubSpot(mode)) {
    await seedHubSpot(sandbox, records);
    return byKey;
  }
  const body = { allOrNone: true, records: records.map((record) => ({ attributes: { type: "Contact" }, ...record })) };
  const { status } = await sandbox.api("POST", "composite/sobjects", body);
  if (status !== 200) throw new Error(`seeding the org: HTTP ${status}`);
  return byKey;
}

async function seedHubSpot(sandbox: Sandbox, records: readonly Record<string, unknown>[]): Promise<void> {
  const inputs = records.map((record) => ({
    properties: {
      ext_id: record["ext_id"],
      firstname: record["FirstName"],
      lastname: record["LastName"],
      email: record["Email"],
      amount: String(record["Amount__c"]),
    },
  }));
  const { status } = await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts/batch/create", { inputs });
  if (status !== 201) throw new Error(`seeding the portal: HTTP ${status}`);
}
