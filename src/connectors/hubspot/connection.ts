// A HubSpot portal as connections.yaml names it.

import { z } from "zod";
import { hasOneKey, optionalProtected } from "../../job/connection-schema.ts";
import type { ConnectionProblem, ConnectionScope } from "../../job/connection-type.ts";
import type { Reference } from "../../job/job.ts";
import { findOriginProblem } from "../../job/origin.ts";
import { closedMap, percent, referencing, secret } from "../../job/schema-parts.ts";
import { parsePercent } from "../../job/units.ts";
import {
  findAddressProblems,
  type HttpConnection,
  optionalCaFile,
  readCaFile,
  readOrigin,
  referencesOf,
} from "../kit/connection.ts";

const publicUrl = "https://api.hubapi.com";
/** Percent of the burst limit: others of the same app have something left, and a clock that differs does no harm. */
const burstDefault = 80;

export interface HubSpotConnection extends HttpConnection {
  type: "hubspot";
  /** https, or http on loopback. Reading it throws a Failure (exit 2) if it holds a reference to an unset variable. */
  readonly baseUrl: string;
  auth: HubSpotAuth;
  apiVersion?: string;
  /** Percent of the portal's limits that loadline uses: of its calls in ten seconds, and of its calls in a day. */
  burst: number;
  daily: number;
}

type HubSpotAuth =
  | { kind: "token"; token: Reference }
  | { kind: "oauth"; clientId: Reference; clientSecret: Reference; refreshToken: Reference };

export const hubspotShape = closedMap({
  type: z.literal("hubspot").describe("The kind of system."),
  base_url: referencing.describe("https URL. Default: HubSpot's public host.").optional(),
  auth: closedMap({
    token: secret.describe("A private app's token; a reference.").optional(),
    oauth: closedMap({
      client_id: referencing.describe("The app's client id."),
      client_secret: secret.describe("The app's client secret; a reference."),
      refresh_token: secret.describe("The refresh token; a reference."),
    })
      .describe("OAuth refresh.")
      .optional(),
  })
    .meta({ minProperties: 1, maxProperties: 1 })
    .refine(hasOneKey, "expected one of token, oauth")
    .describe("How to sign in: one of token, oauth."),
  api_version: z
    .enum(["v3", "2026-03", "2026-09"], 'expected v3, "2026-03" or "2026-09"')
    .describe("v3 (with v4), 2026-03 or 2026-09. Default: the newest that loadline was tested with.")
    .optional(),
  limits: closedMap({
    burst: percent.describe("Share of the calls that the portal allows in ten seconds. Default: 80%.").optional(),
    daily: percent.describe("Share of the calls that the portal allows in a day. Default: 100%.").optional(),
  })
    .describe("How much of the portal's limits to use.")
    .optional(),
  ca_file: optionalCaFile,
  protected: optionalProtected,
});

type WrittenHubSpot = z.infer<typeof hubspotShape>;

export function findHubSpotProblems({ base_url = publicUrl }: WrittenHubSpot): ConnectionProblem[] {
  return findAddressProblems(base_url, "base_url", findBaseUrlProblem);
}

function findBaseUrlProblem(url: string): string | undefined {
  return findOriginProblem("base_url", url);
}

export function readHubSpot(written: WrittenHubSpot, scope: ConnectionScope): HubSpotConnection {
  const { auth, api_version, limits, base_url = publicUrl } = written;
  return {
    name: scope.name,
    type: "hubspot",
    holds: "objects",
    addsParents: true,
    get baseUrl() {
      return readOrigin(base_url, "base_url", scope, findBaseUrlProblem);
    },
    auth: buildAuth(auth, scope),
    ...(api_version === undefined ? {} : { apiVersion: api_version }),
    burst: limits?.burst === undefined ? burstDefault : parsePercent(limits.burst),
    daily: limits?.daily === undefined ? 100 : parsePercent(limits.daily),
    get caFile() {
      return readCaFile(written.ca_file, scope);
    },
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}

function buildAuth({ token = "", oauth }: WrittenHubSpot["auth"], scope: ConnectionScope): HubSpotAuth {
  if (oauth === undefined) return { kind: "token", token: referencesOf({ token }, ["auth"], scope)("token") };
  const of = referencesOf(oauth, ["auth", "oauth"], scope);
  const [clientId, clientSecret] = [of("client_id"), of("client_secret")];
  return { kind: "oauth", clientId, clientSecret, refreshToken: of("refresh_token") };
}
