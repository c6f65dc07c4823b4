// What time and administrators do to a portal, on request of a test: its limits change, its tokens expire.
// Must hold: none of this is part of HubSpot, none needs a token, none is hit by a fault or counted.

import { json, type Route } from "../routes.ts";
import { readHubspotLimits } from "../schema-file.ts";
import { readJson } from "./api.ts";
import type { Portal } from "./portal.ts";

export function portalControlRoutes(portal: Portal): Route[] {
  return [
    {
      method: "POST",
      template: "/__sandbox/hubspot/limits",
      async answer(request) {
        portal.rates.change(readHubspotLimits(await readJson(request)));
        return json(200, portal.rates.limits);
      },
    },
    {
      method: "POST",
      template: "/__sandbox/hubspot/expire-tokens",
      answer() {
        portal.tokens.expireAll();
        return { status: 204 };
      },
    },
  ];
}
