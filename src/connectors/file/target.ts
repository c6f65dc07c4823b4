// A folder as a target: one CSV file, written anew by each run. In: one batch, the whole file. Out: the file under its
// name. What must hold: readers see the old file or the new one, never a part of one; a run that is killed leaves the
// old one, or the new one.

import { constants, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { syncFile } from "../../core/files.ts";
import type { FieldSchema } from "../../core/model.ts";
import { randomId } from "../../core/random.ts";
import type { FileConnection } from "../../job/job.ts";
import type { RenderedField, Target, TargetCapabilities } from "../../load/target.ts";

const capabilities: TargetCapabilities = {
  handlesKeptDays: Number.POSITIVE_INFINITY,
  batchesInFlight: 1,
  clearCell: "",
  idColumn: "loadline_id",
  versionColumn: "loadline_version",
  results: { id: "id", created: "created", error: "error" },
  modes: ["replace"],
  namedKeysMax: 0,
  wholeFiles: true,
};

export function openFileTarget(connection: FileConnection): Target {
  const folder = connection.outbox ?? connection.path;
  const nameOf = (handle: string) => basename(handle).replace(/^\.(.*)\.[^.]+\.tmp$/, "$1");
  return {
    capabilities,
    orgId: folder,
    apiCalls: 0,
    warnings: [],
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
    open: async (batch) => {
      mkdirSync(folder, { recursive: true });
      return join(folder, `.${batch.object}.${randomId()}.tmp`);
    },
    upload: async (handle, batch, onBytes) => {
      copyFileSync(batch.path, handle, constants.COPYFILE_FICLONE);
      syncFile(handle);
      onBytes(batch.bytes);
    },
    commit: async (handle) => {
      renameSync(handle, join(folder, nameOf(handle)));
      syncFile(join(folder, nameOf(handle)));
    },
    abandon: async (handle) => {
      rmSync(handle, { force: true });
      return true;
    },
    inspect: async (handle) =>
      existsSync(handle) ? { state: "open" } : { state: "complete", processed: 0, failed: 0 },
    fetchResults: async () => undefined,
    readError: (text) => ({ code: "", message: text, fields: [] }),
    explain: (_doing, act) => act(),
    close: () => undefined,
  };
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
      ? `strftime(${value} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')`
      : type.startsWith("TIMESTAMP")
        ? `strftime(${value}, '%Y-%m-%dT%H:%M:%S')`
        : `CAST(${value} AS VARCHAR)`;
  return { value: rendered, typed: value };
}
