// The memory CRM for the suite.

import { join } from "node:path";
import { connectors } from "../../../src/connectors/registry.ts";
import type { Connector } from "../../../src/contract/connector.ts";
import { type Call, type ConnectorRig, gatewayPage, type Mishap, type RigRequest, toNames, toRoles } from "../rig.ts";
import { memory } from "./connector.ts";
import { MemoryCrm, type MemoryFault, type MemoryField, memoryToken } from "./server.ts";

const fields = { key: "code", text: "title", number: "amount", boolean: "active", date: "born", datetime: "seen" };

const textMax = 80;
const thing: MemoryField[] = [
  { name: fields.key, type: "text", unique: true, required: true, maxLength: 40 },
  { name: fields.text, type: "text", maxLength: textMax },
  { name: fields.number, type: "number", scale: 2 },
  { name: fields.boolean, type: "boolean" },
  { name: fields.date, type: "date" },
  { name: fields.datetime, type: "datetime" },
];

const calls: Record<Call, RegExp> = {
  "sign-in": /^GET \/account$/,
  describe: /^GET \/objects\/thing$/,
  read: /^(GET \/records|POST .*\/read$)/,
  write: /^POST .*\/write$/,
};

const faults: Record<Mishap, MemoryFault> = {
  "cut before": "cut before",
  "cut after": "cut after",
  "cut within": "cut within",
  "a page": { status: 200, page: gatewayPage },
  500: { status: 500 },
  503: { status: 503 },
  throttled: { status: 429, retryAfter: 0 },
  "day's limit": { status: 403, code: "DAY_LIMIT" },
};

/** `connector`: another one than that of this folder, for the tests of the suite itself. */
export async function openMemoryRig(
  { dailyCalls, isPaced = false }: RigRequest = {},
  connector: Connector = memory,
): Promise<ConnectorRig & { crm: MemoryCrm }> {
  const list = connectors as Connector[];
  list.push(connector);
  const crm = new MemoryCrm(
    { thing },
    {
      ...(dailyCalls === undefined ? {} : { daily: dailyCalls }),
      ...(isPaced ? { moment: 16 } : {}),
    },
  );
  const url = await crm.listen();
  const recordOf = (key: string) => {
    const found = crm.live("thing").find(({ values }) => values[fields.key] === key);
    if (found === undefined) throw new Error(`there is no ${key}`);
    return found;
  };
  return {
    crm,
    connection: `    type: memory\n    url: ${url}\n    token: "\${MEMORY_TOKEN}"`,
    environment: { MEMORY_TOKEN: memoryToken },
    object: "thing",
    fields,
    dayEnds: /^loadline resume, after midnight UTC$/,
    textMax,
    deletedColumn: "deleted",
    merges: {
      column: "merged_into",
      idColumn: "id",
      merge: async (kept, merged) => crm.merge(recordOf(kept), recordOf(merged)),
    },
    program: [join(import.meta.dirname, "program.ts")],
    killedAt: ["committed"],
    refused: { field: fields.text, value: "no(this)" },
    put: async (values) => void crm.put("thing", toNames(fields, values)),
    putTogether: async (records) => {
      const instant = crm.timeOf();
      for (const values of records) crm.put("thing", toNames(fields, values), instant);
    },
    putLate: async (values, meanwhile) => {
      const instant = crm.timeOf();
      crm.advance(10_000);
      await meanwhile();
      crm.put("thing", toNames(fields, values), instant);
    },
    change: async (key, values) => crm.change(recordOf(key), toNames(fields, values)),
    remove: async (key) => crm.remove(recordOf(key)),
    live: async () =>
      new Map(crm.live("thing").map(({ values }) => [values[fields.key] ?? "", toRoles(fields, values)])),
    setMishaps: async (mishaps) => {
      crm.clearFaults();
      for (const { call, nth, mishap } of mishaps) crm.setFault(calls[call], nth, faults[mishap]);
    },
    mishapsMet: async () => crm.faultsMet,
    setOtherOrg: async (isOther) => {
      crm.org = isOther ? "memory-2" : "memory-1";
    },
    // The files that a worker runs share its process, and the next one knows no such system.
    async [Symbol.asyncDispose]() {
      list.splice(list.indexOf(connector), 1);
      await crm[Symbol.asyncDispose]();
    },
  };
}
