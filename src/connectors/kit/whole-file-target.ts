// The target that a folder is, wherever it lies: whatever columns a job maps, all text. In: a store of files. Out: a target
// that takes whole files; src/load/whole-file.ts writes them.

import type { FileStore } from "../../contract/files.ts";
import type { Target, TargetCapabilities } from "../../contract/target.ts";
import type { RenderedField } from "../../contract/values.ts";
import type { FieldSchema } from "../../core/model.ts";
import { writtenText } from "../../values/text.ts";
import { fieldOf } from "./field.ts";

const capabilities: TargetCapabilities = {
  batchesInFlight: 1,
  clearCell: "",
  idColumn: "loadline_id",
  versionColumn: "loadline_version",
  results: { id: "id", created: "created", error: "error" },
  modes: ["replace", "delta"],
  namedKeysMax: 0,
};

export function openFileTarget(store: FileStore): Target {
  return {
    capabilities,
    writes: { wholeFile: store },
    orgId: store.orgId,
    apiCalls: 0,
    warnings: store.warnings,
    allowance: undefined,
    readAllowance: async () => undefined,
    forecastCalls: () => 0,
    forecastReads: () => 0,
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
    resolveField: async (_schema, name) => fieldOf({ name, vendorType: "text", externalId: true, caseSensitive: true }),
    render: renderCell,
    clearedValue: () => "CAST(NULL AS VARCHAR)",
    refuseDemands: async () => undefined,
    chooseWay: () => ({
      via: "bulk",
      how: "as a whole",
      batchRowsMax: Number.MAX_SAFE_INTEGER,
      batchBytesMax: Number.MAX_SAFE_INTEGER,
    }),
    snapshot: async () => ({ files: [], rows: 0, how: "nothing read" }),
    readError: (text) => ({ code: "", message: text, fields: [] }),
    explain: (_doing, act) => act(),
    close: () => store.close(),
  };
}

function renderCell(_field: FieldSchema, value: string, type: string): RenderedField {
  return { value: writtenText(value, type), typed: value };
}
