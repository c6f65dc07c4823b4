import { describe } from "vitest";
import { startSandbox } from "../support/rig.ts";
import { type ConnectorRig, toNames, toRoles } from "./rig.ts";
import { testConnector } from "./suite.ts";

const fields = {
  key: "ext_id",
  text: "lastname",
  number: "score",
  boolean: "active",
  date: "born",
  datetime: "seen_at",
};

const schema = {
  hubspot: {
    contacts: {
      properties: {
        ext_id: { type: "string", fieldType: "text", hasUniqueValue: true },
        score: { type: "number", fieldType: "number" },
        born: { type: "date", fieldType: "date" },
        seen_at: { type: "datetime", fieldType: "date" },
        active: { type: "bool", fieldType: "booleancheckbox" },
      },
    },
  },
};

async function openHubSpotRig(): Promise<ConnectorRig> {
  const sandbox = await startSandbox({ schema });
  const live = async () => (await sandbox.dumpHubSpot("contacts")).filter(({ archived }) => !archived);
  const idOf = async (key: string) => (await live()).find(({ properties }) => properties[fields.key] === key)?.id;
  const contacts = "/crm/objects/2026-03/contacts";
  return {
    connection: `    type: hubspot
    base_url: ${sandbox.hubspot}
    auth: { token: "\${HUBSPOT_TOKEN}" }
    limits: { burst: 100% }`,
    environment: { HUBSPOT_TOKEN: "pat-sandbox-loadline" },
    object: "contacts",
    fields,
    deletedColumn: "archived",
    refused: { field: "email", value: "no(this)" },
    put: async (values) => void (await sandbox.hubspotApi("POST", contacts, { properties: toNames(fields, values) })),
    change: async (key, values) =>
      void (await sandbox.hubspotApi("PATCH", `${contacts}/${await idOf(key)}`, {
        properties: toNames(fields, values),
      })),
    remove: async (key) => void (await sandbox.hubspotApi("DELETE", `${contacts}/${await idOf(key)}`)),
    live: async () =>
      new Map((await live()).map(({ properties }) => [properties[fields.key] ?? "", toRoles(fields, properties)])),
    mishap: (call, nth, mishap) => {
      const act = typeof mishap === "number" ? { status: mishap } : { reset: mishap.slice("cut ".length) };
      const verbs = call === "write" ? ["upsert", "create", "update"] : ["read"];
      const faults = verbs.map((verb) => ({
        match: `POST /crm/objects/*/contacts/batch/${verb}`,
        nth: [nth],
        do: act,
      }));
      return sandbox.setFaults(faults);
    },
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

describe("HubSpot", () => {
  testConnector(openHubSpotRig);
});
