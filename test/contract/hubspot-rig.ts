// HubSpot for the suite: the sandbox's.

import { startSandbox } from "../support/rig.ts";
import { type Call, type ConnectorRig, type RigRequest, toNames, toRoles } from "./rig.ts";
import { type OwnAnswers, sandboxMishaps } from "./sandbox-mishaps.ts";

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

const objects = "/crm/objects/*/contacts";
const calls: Record<Call, string[]> = {
  "sign-in": ["GET /account-info/*/details"],
  describe: ["GET /crm/properties/*/contacts"],
  // Present values by key, and whole objects by the list.
  read: [`POST ${objects}/batch/read`, `GET ${objects}`],
  write: ["upsert", "create", "update"].map((verb) => `POST ${objects}/batch/${verb}`),
};

const rateLimit = (policyName: string) => ({
  status: "error",
  message: `You have reached your ${policyName.toLowerCase()} limit.`,
  errorType: "RATE_LIMIT",
  policyName,
});
const own: OwnAnswers = {
  throttled: { status: 429, body: rateLimit("TEN_SECONDLY_ROLLING"), headers: { "Retry-After": "0" } },
  "day's limit": { status: 429, body: rateLimit("DAILY") },
};

export async function openHubSpotRig({
  dailyCalls = 100_000,
  isPaced = false,
}: RigRequest = {}): Promise<ConnectorRig> {
  const hubspotLimits = { daily: dailyCalls, ...(isPaced ? { tenSecondly: 20 } : {}) };
  const sandbox = await startSandbox({ schema: { ...schema, hubspotLimits } });
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
    dayEnds: /^loadline resume, after midnight in the account's time zone/,
    textMax: 65_536,
    deletedColumn: "archived",
    merges: {
      column: "merged_into",
      idColumn: "hs_object_id",
      merge: async (kept, merged) => {
        const merge = { primaryObjectId: await idOf(kept), objectIdToMerge: await idOf(merged) };
        const { status } = await sandbox.hubspotApi("POST", `${contacts}/merge`, merge);
        if (status >= 300) throw new Error(`the merge was answered by ${status}`);
      },
    },
    killedAt: [],
    passTime: (ms) => sandbox.advance(ms),
    refused: { field: "email", value: "no(this)" },
    put: async (values) => void (await sandbox.hubspotApi("POST", contacts, { properties: toNames(fields, values) })),
    putTogether: async (records) => {
      const inputs = records.map((values, index) => ({
        properties: toNames(fields, values),
        objectWriteTraceId: String(index),
      }));
      await sandbox.hubspotApi("POST", `${contacts}/batch/create`, { inputs });
    },
    putLate: async (values, meanwhile) => {
      // The index that windows are asked of is behind; the record itself is there.
      await sandbox.hubspotApi("POST", "/__sandbox/hubspot/search-lag", { ms: 600_000 });
      await sandbox.hubspotApi("POST", contacts, { properties: toNames(fields, values) });
      await sandbox.advance(10_000);
      await meanwhile();
      await sandbox.hubspotApi("POST", "/__sandbox/hubspot/search-lag", { ms: 0 });
    },
    change: async (key, values) =>
      void (await sandbox.hubspotApi("PATCH", `${contacts}/${await idOf(key)}`, {
        properties: toNames(fields, values),
      })),
    remove: async (key) => void (await sandbox.hubspotApi("DELETE", `${contacts}/${await idOf(key)}`)),
    live: async () =>
      new Map((await live()).map(({ properties }) => [properties[fields.key] ?? "", toRoles(fields, properties)])),
    ...sandboxMishaps(sandbox, calls, own),
    setOtherOrg: (isOther) =>
      sandbox.setFaults(
        isOther
          ? [
              {
                match: "GET /account-info/*/details",
                do: { status: 200, body: { portalId: 4711, timeZone: "US/Eastern", accountType: "STANDARD" } },
              },
            ]
          : [],
      ),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}
