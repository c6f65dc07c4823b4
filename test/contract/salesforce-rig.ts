// Salesforce for the suite: the sandbox's.

import { startSandbox } from "../support/rig.ts";
import { type Call, type ConnectorRig, type RigRequest, toNames, toRoles } from "./rig.ts";
import { type OwnAnswers, sandboxMishaps } from "./sandbox-mishaps.ts";

const fields = {
  key: "Ext__c",
  text: "LastName",
  number: "Amount__c",
  boolean: "Active__c",
  date: "Birthdate",
  datetime: "Seen__c",
};

const schema = {
  salesforce: {
    Contact: {
      fields: {
        Ext__c: { type: "string", length: 40, externalId: true, unique: true, caseSensitive: true },
        Amount__c: { type: "double", precision: 18, scale: 2 },
        Active__c: { type: "boolean" },
        Seen__c: { type: "datetime" },
      },
    },
  },
};

const data = "/services/data/*";
const calls: Record<Call, string[]> = {
  "sign-in": ["POST /services/oauth2/token"],
  describe: [`GET ${data}/sobjects/*/describe`],
  read: [`GET ${data}/query`],
  // By collections, and by the call that closes a job.
  write: [`PATCH ${data}/composite/sobjects/*/*`, `PATCH ${data}/jobs/ingest/*`],
};

const own: OwnAnswers = {
  throttled: { status: 429, headers: { "Retry-After": "0" } },
  "day's limit": {
    status: 403,
    body: [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded." }],
  },
};

export async function openSalesforceRig({ dailyCalls = 100_000 }: RigRequest = {}): Promise<ConnectorRig> {
  const sandbox = await startSandbox({ schema: { ...schema, limits: { DailyApiRequests: dailyCalls } } });
  const live = async () => (await sandbox.dump("Contact")).filter(({ IsDeleted }) => IsDeleted !== true);
  const idOf = async (key: string) => (await live()).find((record) => record[fields.key] === key)?.["Id"];
  const pathOf = (key: string) => `sobjects/Contact/${fields.key}/${encodeURIComponent(key)}`;
  return {
    connection: `    type: salesforce
    login_url: ${sandbox.origin}
    auth: { client_credentials: { client_id: "\${SF_ID}", client_secret: "\${SF_SECRET}" } }`,
    environment: { SF_ID: "sandbox", SF_SECRET: "sandbox" },
    object: "Contact",
    fields,
    dayEnds: /^loadline resume, after \d{4}-\d\d-\d\d \d\d:\d\d UTC/,
    textMax: 80,
    deletedColumn: "IsDeleted",
    merges: {
      column: "MasterRecordId",
      idColumn: "Id",
      merge: async (kept, merged) => {
        const [master, other] = [await idOf(kept), await idOf(merged)];
        const merge = { object: "Contact", master, merged: [other] };
        const { status } = await sandbox.api("POST", "/__sandbox/salesforce/merge", merge);
        if (status >= 300) throw new Error(`the merge was answered by ${status}`);
      },
    },
    killedAt: [],
    passTime: (ms) => sandbox.advance(ms),
    refused: { field: "Email", value: "no(this)" },
    put: async (values) => void (await sandbox.api("POST", "sobjects/Contact", toNames(fields, values))),
    putTogether: async (records) => {
      const rows = records.map((values) => ({ attributes: { type: "Contact" }, ...toNames(fields, values) }));
      await sandbox.api("POST", "composite/sobjects", { records: rows });
    },
    putLate: async (values, meanwhile) => {
      await sandbox.advance(10_000);
      await meanwhile();
      await sandbox.setFaults([{ match: "row Contact", nth: [1], do: { backdate_ms: 10_000 } }]);
      await sandbox.api("POST", "sobjects/Contact", toNames(fields, values));
    },
    change: async (key, values) => void (await sandbox.api("PATCH", pathOf(key), toNames(fields, values))),
    remove: async (key) => void (await sandbox.api("DELETE", pathOf(key))),
    live: async () => new Map((await live()).map((record) => [String(record[fields.key]), toRoles(fields, record)])),
    ...sandboxMishaps(sandbox, calls, own),
    setOtherOrg: (isOther) =>
      sandbox.setFaults(
        isOther
          ? [
              {
                match: "POST /services/oauth2/token",
                do: {
                  status: 200,
                  body: {
                    access_token: "00Dsandbox0000001!loadline",
                    instance_url: sandbox.origin,
                    id: `${sandbox.origin}/id/00Dother000000001AAA/005000000000001AAA`,
                    token_type: "Bearer",
                  },
                },
              },
            ]
          : [],
      ),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}
