import { describe } from "vitest";
import { openHubSpotRig } from "./hubspot-rig.ts";
import { testConnector } from "./suite.ts";

describe("HubSpot", () => {
  testConnector(openHubSpotRig);
});
