// A target that answers from a file, so that the benchmark measures loadline and not a network. It renders and compares
// as Salesforce does. A benchmark loads nothing, so every call that would is a defect of the benchmark.

import { renderField } from "../src/connectors/salesforce/render.ts";
import type { Target } from "../src/contract/target.ts";
import type { WayChoice } from "../src/contract/ways.ts";
import type { FieldKind, FieldSchema, ObjectSchema } from "../src/core/model.ts";

const bulk: WayChoice = { via: "bulk", how: "in bulk", batchRowsMax: 150_000, batchBytesMax: 100_000_000 };

const idColumn = "Id";
const versionColumn = "SystemModstamp";

const kinds: Record<string, FieldKind> = {
  Contact_No__c: "text",
  FirstName: "text",
  LastName: "text",
  Email: "text",
  Phone: "text",
  Description: "text",
  Amount__c: "number",
  Birthdate: "date",
  Active__c: "boolean",
};

/** Columns of the snapshot, in their order. */
export const snapshotColumns = [idColumn, versionColumn, ...Object.keys(kinds)];

export function openSnapshotTarget(snapshot: string): Target {
  const schema: ObjectSchema = {
    object: "Contact",
    label: "",
    createable: true,
    updateable: true,
    deletable: true,
    fields: new Map(Object.entries(kinds).map(([name, kind]) => [name, makeField(name, kind)])),
  };
  return {
    capabilities: {
      batchesInFlight: 4,
      clearCell: "#N/A",
      idColumn,
      versionColumn,
      results: { id: "sf__Id", created: "sf__Created", error: "sf__Error" },
      modes: ["upsert"],
      namedKeysMax: 5000,
    },
    orgId: "00Dbench",
    apiCalls: 0,
    warnings: [],
    allowance: undefined,
    readAllowance: () => Promise.resolve(undefined),
    forecastCalls: () => 0,
    forecastReads: () => 0,
    waitedMs: 0,
    refuseDemands: async () => undefined,
    chooseWay: () => bulk,
    listObjects: () => Promise.resolve([]),
    describe: () => Promise.resolve(schema),
    resolveField: (object, name) => Promise.resolve(object.fields.get(name)),
    explainName: async () => undefined,
    render: renderField,
    clearedValue: () => "CAST(NULL AS VARCHAR)",
    snapshot: () => Promise.resolve({ files: [snapshot], rows: 0, how: "one file" }),
    writes: {},
    readError: (text) => ({ code: "", message: text, fields: [] }),
    explain: (_doing, act) => act(),
    close: () => undefined,
  };
}

export function makeField(name: string, kind: FieldKind): FieldSchema {
  const isKey = name === "Contact_No__c";
  return {
    name,
    label: name,
    kind,
    vendorType: kind,
    ...(kind === "number" ? { scale: 2 } : {}),
    createable: true,
    updateable: true,
    nillable: true,
    defaultedOnCreate: false,
    externalId: isKey,
    unique: isKey,
    caseSensitive: false,
    referenceTo: [],
  };
}
