// HubSpot portals, as a source and as a target. In: a connection of type hubspot. Out: both sides over one client.
// Must hold: every call keeps to the connection's share of the portal's limits.

import type { Connector } from "../../contract/connector.ts";
import { Secret } from "../../core/secret.ts";
import { findHubSpotProblems, type HubSpotConnection, hubspotShape, readHubSpot } from "./connection.ts";

/** Every sandbox accepts it. */
const sandboxToken = () => new Secret("pat-sandbox-loadline");

export const hubspot: Connector = {
  type: "hubspot",
  shape: hubspotShape,
  findProblems: findHubSpotProblems,
  read: readHubSpot,
  readStarter: async () => (await import("./starter.ts")).starter,
  open: async (connection: HubSpotConnection, context) =>
    (await import("./target.ts")).openHubSpot(connection, context),
  rehearse({ name, apiVersion, burst, daily, place }: HubSpotConnection, { addresses }): HubSpotConnection {
    return {
      name,
      type: "hubspot",
      holds: "objects",
      addsParents: true,
      baseUrl: addresses.hubspot,
      auth: { kind: "token", token: { resolve: sandboxToken } },
      ...(apiVersion === undefined ? {} : { apiVersion }),
      burst,
      daily,
      protected: false,
      place,
    };
  },
};
