// The memory CRM for the suite.

import { join } from "node:path";
import { connectors } from "../../../src/connectors/registry.ts";
import type { Connector } from "../../../src/contract/connector.ts";
import { type ConnectorRig, toNames, toRoles } from "../rig.ts";
import { memory } from "./connector.ts";
import { MemoryCrm, memoryToken } from "./server.ts";

const fields = { key: "code", text: "title", number: "amount", boolean: "active", date: "born", datetime: "seen" };

/** `connector`: another one than that of this folder, for the tests of the suite itself. */
export async function openMemoryRig(connector: Connector = memory): Promise<ConnectorRig & { crm: MemoryCrm }> {
  const list = connectors as Connector[];
  const at = list.findIndex(({ type }) => type === "memory");
  if (at < 0) list.push(connector);
  else list[at] = connector;
  const crm = new MemoryCrm({
    thing: [
      { name: fields.key, type: "text", unique: true, required: true, maxLength: 40 },
      { name: fields.text, type: "text", maxLength: 80 },
      { name: fields.number, type: "number", scale: 2 },
      { name: fields.boolean, type: "boolean" },
      { name: fields.date, type: "date" },
      { name: fields.datetime, type: "datetime" },
    ],
  });
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
    deletedColumn: "deleted",
    program: join(import.meta.dirname, "program.ts"),
    refused: { field: fields.text, value: "no(this)" },
    put: async (values) => void crm.put("thing", toNames(fields, values)),
    change: async (key, values) => crm.change(recordOf(key), toNames(fields, values)),
    remove: async (key) => crm.remove(recordOf(key)),
    live: async () =>
      new Map(crm.live("thing").map(({ values }) => [values[fields.key] ?? "", toRoles(fields, values)])),
    mishap: async (call, nth, mishap) => {
      const match = call === "write" ? /^POST .*\/write$/ : /^(GET \/records|POST .*\/read$)/;
      crm.setFault(match, nth, typeof mishap === "string" ? mishap : { status: mishap, retryAfter: 0 });
    },
    [Symbol.asyncDispose]: () => crm[Symbol.asyncDispose](),
  };
}
