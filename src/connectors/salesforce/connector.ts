// Salesforce orgs, as a source and as a target. In: a connection of type salesforce. Out: both sides over one session.
// Must hold: every call is one of ours (client.ts): whether it may be sent again depends on what it does.

import type { Connector } from "../../contract/connector.ts";
import { Secret } from "../../core/secret.ts";
import {
  everyOrg,
  findSalesforceProblems,
  readSalesforce,
  type SalesforceConnection,
  salesforceShape,
} from "./connection.ts";

/** Every sandbox accepts it. */
const sandboxToken = () => new Secret("00Dsandbox0000001!loadline");

export const salesforce: Connector = {
  type: "salesforce",
  shape: salesforceShape,
  findProblems: findSalesforceProblems,
  read: readSalesforce,
  readStarter: async () => (await import("./starter.ts")).starter,
  open: async (connection: SalesforceConnection, context) =>
    (await import("./target.ts")).openSalesforce(connection, context),
  rehearse({ name, apiVersion, place }: SalesforceConnection, { addresses }): SalesforceConnection {
    return {
      name,
      ...everyOrg,
      loginUrl: addresses.salesforce,
      auth: { kind: "access_token", token: { resolve: sandboxToken } },
      ...(apiVersion === undefined ? {} : { apiVersion }),
      protected: false,
      place,
    };
  },
};
