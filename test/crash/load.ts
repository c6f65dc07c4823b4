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
export type LoadMode = "insert" | "upsert" | "collections" | "delete";

export const schema = {
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

export async function openLane(program: Program): Promise<Lane> {
  const sandbox = await startSandbox({ schema });
  return { program, sandbox, [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose]() };
}

export interface Load extends AsyncDisposable {
  project: Project;
  sandbox: Sandbox;
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
  await sandbox.api("POST", "/__sandbox/reset");
  const before = mode === "insert" ? new Map<string, Record<string, unknown>>() : await seedRecords(sandbox, mode);
  const project = createProject({
    ...connections(sandbox),
    "jobs/contacts.yaml": jobFile(mode, batchRows),
    "inbox/contacts.csv": inputFile(),
  });
  const start: Load["start"] = (args, env) => program.start(args, project.folder, env);
  return {
    project,
    sandbox,
    start,
    run: (args, env) => start(args, env).finished,
    async judge({ replanned, untaken = 0, last }) {
      const told = last === undefined ? undefined : last.summary().streams["contacts"];
      return judge({
        csv: readFileSync(project.path("inbox/contacts.csv"), "utf8"),
        mode,
        key: keyOf(mode),
        before,
        dump: await sandbox.dump("Contact"),
        jobs: await sandbox.jobs(),
        replanned,
        untaken,
        ...(told === undefined ? {} : { counts: { ...told } }),
      });
    },
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  };
}

function keyOf(mode: LoadMode): string {
  if (mode === "insert") return "Ref__c";
  return mode === "collections" ? "Unique__c" : "Ext__c";
}

function jobFile(mode: LoadMode, batchRows: number): string {
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
function inputFile(): string {
  const rows = Array.from({ length: rowCount }, (_, index) => {
    const last = index % 31 === 30 ? "" : `${awkwardNames[index % awkwardNames.length]} ${index}`;
    const email = index === 17 ? "no address" : index % 5 === 4 ? "" : `Person${index}@Example.com`;
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
    Email: `person${index}@example.com`,
    Amount__c: index + 0.25,
  });
  const records = Array.from({ length: mode === "delete" ? 40 : 28 }, (_, index) => recordOf(index));
  if (mode === "delete") for (let index = 0; index < 5; index += 1) records.push(recordOf(index, `stays-${index}`));
  const body = { allOrNone: true, records: records.map((record) => ({ attributes: { type: "Contact" }, ...record })) };
  const { status } = await sandbox.api("POST", "composite/sobjects", body);
  if (status !== 200) throw new Error(`seeding the org: HTTP ${status}`);
  return new Map(records.map((record) => [String(record[keyOf(mode)]), record]));
}
