import { describe } from "vitest";
import { startSandbox } from "../support/rig.ts";
import { type ConnectorRig, toNames, toRoles } from "./rig.ts";
import { testConnector } from "./suite.ts";

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

/** By collections, and by the call that closes a job. */
const writes = ["PATCH /services/data/*/composite/sobjects/*", "PATCH /services/data/*/jobs/ingest/*"];

async function openSalesforceRig(): Promise<ConnectorRig> {
  const sandbox = await startSandbox({ schema });
  const live = async () => (await sandbox.dump("Contact")).filter(({ IsDeleted }) => IsDeleted !== true);
  const pathOf = (key: string) => `sobjects/Contact/${fields.key}/${encodeURIComponent(key)}`;
  return {
    connection: `    type: salesforce
    login_url: ${sandbox.origin}
    auth: { client_credentials: { client_id: "\${SF_ID}", client_secret: "\${SF_SECRET}" } }`,
    environment: { SF_ID: "sandbox", SF_SECRET: "sandbox" },
    object: "Contact",
    fields,
    deletedColumn: "IsDeleted",
    refused: { field: "Email", value: "no(this)" },
    put: async (values) => void (await sandbox.api("POST", "sobjects/Contact", toNames(fields, values))),
    change: async (key, values) => void (await sandbox.api("PATCH", pathOf(key), toNames(fields, values))),
    remove: async (key) => void (await sandbox.api("DELETE", pathOf(key))),
    live: async () => new Map((await live()).map((record) => [String(record[fields.key]), toRoles(fields, record)])),
    mishap: (call, nth, mishap) => {
      const act = typeof mishap === "number" ? { status: mishap } : { reset: mishap.slice("cut ".length) };
      const matches = call === "write" ? writes : ["GET /services/data/*/query*"];
      return sandbox.setFaults(matches.map((match) => ({ match, nth: [nth], do: act })));
    },
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

describe("Salesforce", () => {
  testConnector(openSalesforceRig);
});
