// A folder as a target: one file, written anew by each run. In: one batch, the whole file. Out: the file under its
// name, and beside it, where the job wants them, a manifest and then a done file. What must hold: readers see the old
// file or the new one, never a part of one; a run that is killed leaves the old one, or the new one.

import { createHash } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { stringify } from "csv-stringify/sync";
import { instantText } from "../../core/instant.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { Batch, FileStore, RenderedField, Target, TargetCapabilities } from "../../load/target.ts";

const capabilities: TargetCapabilities = {
  handlesKeptDays: Number.POSITIVE_INFINITY,
  batchesInFlight: 1,
  clearCell: "",
  idColumn: "loadline_id",
  versionColumn: "loadline_version",
  results: { id: "id", created: "created", error: "error" },
  modes: ["replace", "delta"],
  namedKeysMax: 0,
  wholeFiles: true,
};

export function openFileTarget(store: FileStore): Target {
  return {
    capabilities,
    orgId: store.orgId,
    apiCalls: 0,
    warnings: store.warnings,
    allowance: undefined,
    readAllowance: async () => undefined,
    forecastCalls: () => 0,
    waitedMs: 0,
    listObjects: async () => [],
    describe: async (object) => ({
      object,
      label: object,
      createable: true,
      updateable: true,
      deletable: true,
      fields: new Map(),
    }),
    explainName: async () => undefined,
    resolveField: async (_schema, name) => describeColumn(name),
    render: renderCell,
    clearedValue: () => "CAST(NULL AS VARCHAR)",
    refuseDemands: async () => undefined,
    chooseWay: () => ({
      via: "bulk",
      how: "as a whole",
      batchRowsMax: Number.MAX_SAFE_INTEGER,
      batchBytesMax: Number.MAX_SAFE_INTEGER,
    }),
    write: () => Promise.reject(new Error("a file is written as a whole")),
    snapshot: async () => ({ files: [], rows: 0, how: "nothing read" }),
    open: async (batch) => temporaryName(batch.object, idOf(batch), 1),
    upload: (_handle, batch, onBytes, signal) => writeTemporaries(store, batch, onBytes, signal),
    commit: async (handle) => {
      for (const { name, to } of await findTemporaries(store, handle)) await store.rename(name, to);
    },
    // What is there already is gone on with: the next attempt has the same name.
    abandon: async () => true,
    inspect: async (handle) =>
      (await findTemporaries(store, handle)).length > 0
        ? { state: "open" }
        : { state: "complete", processed: 0, failed: 0 },
    fetchResults: async () => undefined,
    readError: (text) => ({ code: "", message: text, fields: [] }),
    explain: (_doing, act) => act(),
    close: () => store.close(),
  };
}

/** The same for every attempt at a batch, and for no other one. */
function idOf({ path }: Batch): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 12);
}

/** `number` is the order in which they get their names: the file first, what says that it is complete last. */
function temporaryName(name: string, id: string, number: number): string {
  return `.${name}.${id}-${number}.tmp`;
}

const temporary = /^\.(?<to>.+)\.(?<id>[0-9a-f]{12})-(?<number>\d)\.tmp$/;

async function findTemporaries(store: FileStore, handle: string): Promise<{ name: string; to: string }[]> {
  const id = temporary.exec(handle)?.groups?.["id"];
  const found = (await store.list()).flatMap((name) => {
    const groups = temporary.exec(name)?.groups;
    return groups === undefined || groups["id"] !== id ? [] : [{ name, to: groups["to"] ?? "", at: groups["number"] }];
  });
  return found.sort((left, right) => Number(left.at) - Number(right.at));
}

async function writeTemporaries(
  store: FileStore,
  batch: Batch,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const id = idOf(batch);
  const { manifest, doneFile } = batch.beside ?? {};
  const besides = [
    { pattern: manifest, number: 2, text: manifest === undefined ? "" : manifestOf(batch, manifest) },
    { pattern: doneFile, number: 3, text: "" },
  ];
  for (const { pattern, number, text } of besides) {
    if (pattern === undefined) continue;
    const path = `${batch.path}.beside-${number}`;
    writeFileSync(path, text, { mode: 0o600 });
    const file = { path, bytes: statSync(path).size, onBytes: () => undefined };
    await store.write(temporaryName(nameBeside(pattern, batch.object), id, number), file, signal);
  }
  await store.write(temporaryName(batch.object, id, 1), { path: batch.path, bytes: batch.bytes, onBytes }, signal);
}

function nameBeside(pattern: string, name: string): string {
  return pattern.replaceAll("{name}", name).replaceAll("{stem}", name.replace(/(?<=.)\..*$/, ""));
}

function manifestOf({ object: name, rows, bytes, sha256 }: Batch, pattern: string): string {
  const entry = { name, rows, bytes, sha256 };
  return posix.extname(pattern) === ".json"
    ? `${JSON.stringify({ files: [entry] })}\n`
    : stringify([entry], { header: true });
}

/** A file has whatever columns a job maps, all text. */
function describeColumn(name: string): FieldSchema {
  return {
    name,
    label: name,
    kind: "text",
    vendorType: "text",
    createable: true,
    updateable: true,
    nillable: true,
    defaultedOnCreate: false,
    externalId: true,
    unique: false,
    caseSensitive: true,
    referenceTo: [],
  };
}

/** Text as it is; times in ISO 8601, those with a zone in UTC. */
function renderCell(_field: FieldSchema, value: string, type: string): RenderedField {
  const rendered =
    type === "TIMESTAMP WITH TIME ZONE"
      ? instantText(value)
      : type.startsWith("TIMESTAMP")
        ? `strftime(${value}, '%Y-%m-%dT%H:%M:%S')`
        : `CAST(${value} AS VARCHAR)`;
  return { value: rendered, typed: value };
}
