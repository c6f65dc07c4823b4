// A Salesforce org as connections.yaml names it.

import { z } from "zod";
import { hasOneKey, optionalProtected } from "../../job/connection-schema.ts";
import type { ConnectionProblem, ConnectionScope } from "../../job/connection-type.ts";
import type { Reference } from "../../job/job.ts";
import { closedMap, referencing, secret } from "../../job/schema-parts.ts";
import {
  findAddressProblems,
  type HttpConnection,
  optionalCaFile,
  readCaFile,
  readOrigin,
  referencesOf,
} from "../kit/connection.ts";
import { explainCondition } from "./condition.ts";
import { findLoginUrlProblem } from "./login-url.ts";

export interface SalesforceConnection extends HttpConnection {
  type: "salesforce";
  /** https, or http on loopback. Reading it throws a Failure (exit 2) if it holds a reference to an unset variable. */
  readonly loginUrl: string;
  auth: SalesforceAuth;
  apiVersion?: string;
}

export type SalesforceAuth =
  | { kind: "access_token"; token: Reference }
  | { kind: "jwt"; clientId: Reference; username: Reference; keyFile: Reference }
  | { kind: "client_credentials"; clientId: Reference; clientSecret: Reference }
  | { kind: "refresh_token"; clientId: Reference; clientSecret: Reference | undefined; refreshToken: Reference }
  | { kind: "password"; username: Reference; password: Reference; securityToken: Reference | undefined };

const salesforceAuth = closedMap({
  access_token: secret.describe("A session's access token; login_url is then the instance.").optional(),
  jwt: closedMap({
    client_id: referencing.describe("Consumer key of the connected app."),
    username: referencing.describe("The user to sign in as."),
    key_file: referencing.describe("File with the private key (PEM), relative to this file."),
  })
    .describe("JWT bearer flow: no password, for machines.")
    .optional(),
  client_credentials: closedMap({
    client_id: referencing.describe("Consumer key of the connected app."),
    client_secret: secret.describe("Consumer secret; a reference."),
  })
    .describe("Client credentials flow.")
    .optional(),
  refresh_token: closedMap({
    client_id: referencing.describe("Consumer key of the connected app."),
    client_secret: secret.describe("Consumer secret; a reference.").optional(),
    refresh_token: secret.describe("The refresh token; a reference."),
  })
    .describe("Refresh token flow.")
    .optional(),
  password: closedMap({
    username: referencing.describe("The user to sign in as."),
    password: secret.describe("The password; a reference."),
    security_token: secret.describe("The user's security token; a reference.").optional(),
  })
    .describe("User name and password (legacy).")
    .optional(),
})
  .meta({ minProperties: 1, maxProperties: 1 })
  .refine(hasOneKey, "expected one of access_token, jwt, client_credentials, refresh_token, password");

export const salesforceShape = closedMap({
  type: z.literal("salesforce").describe("The kind of system."),
  login_url: referencing.describe(
    "https URL of the org's My Domain; https://login.salesforce.com or https://test.salesforce.com where the flow allows; with access_token the instance.",
  ),
  auth: salesforceAuth.describe("How to sign in: one of the flows."),
  api_version: z
    .string('expected text: write it in quotes, "66.0"')
    .regex(/^\d{2,3}\.0$/, 'expected a version such as "66.0"')
    .describe('REST API version, e.g. "66.0". Default: the newest that loadline was tested with.')
    .optional(),
  ca_file: optionalCaFile,
  protected: optionalProtected,
});

type WrittenSalesforce = z.infer<typeof salesforceShape>;

export function findSalesforceProblems({ login_url, auth }: WrittenSalesforce): ConnectionProblem[] {
  return findAddressProblems(login_url, "login_url", (url) => findLoginUrlProblem(url, flowOf(auth)));
}

/** What holds of each of its connections. */
export const everyOrg = {
  type: "salesforce",
  holds: "objects",
  explainFilter: explainCondition,
} satisfies Partial<SalesforceConnection>;

export function readSalesforce(written: WrittenSalesforce, scope: ConnectionScope): SalesforceConnection {
  return {
    name: scope.name,
    ...everyOrg,
    get loginUrl() {
      return readOrigin(written.login_url, "login_url", scope, (url) => findLoginUrlProblem(url, flowOf(written.auth)));
    },
    auth: buildAuth(written.auth, scope),
    ...(written.api_version === undefined ? {} : { apiVersion: written.api_version }),
    get caFile() {
      return readCaFile(written.ca_file, scope);
    },
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}

function flowOf(written: WrittenSalesforce["auth"]): SalesforceAuth["kind"] {
  return Object.keys(written)[0] as SalesforceAuth["kind"];
}

function buildAuth(written: WrittenSalesforce["auth"], scope: ConnectionScope): SalesforceAuth {
  const { access_token = "", jwt, client_credentials, refresh_token, password } = written;
  if (jwt !== undefined) {
    const of = referencesOf(jwt, ["auth", "jwt"], scope);
    const keyFile = of("key_file", { isPath: true });
    return { kind: "jwt", clientId: of("client_id"), username: of("username"), keyFile };
  }
  if (client_credentials !== undefined) {
    const of = referencesOf(client_credentials, ["auth", "client_credentials"], scope);
    return { kind: "client_credentials", clientId: of("client_id"), clientSecret: of("client_secret") };
  }
  if (refresh_token !== undefined) {
    const of = referencesOf(refresh_token, ["auth", "refresh_token"], scope);
    const [clientId, clientSecret] = [of("client_id"), of("client_secret")];
    return { kind: "refresh_token", clientId, clientSecret, refreshToken: of("refresh_token") };
  }
  if (password !== undefined) {
    const of = referencesOf(password, ["auth", "password"], scope);
    const [username, securityToken] = [of("username"), of("security_token")];
    return { kind: "password", username, password: of("password"), securityToken };
  }
  return { kind: "access_token", token: referencesOf({ access_token }, ["auth"], scope)("access_token") };
}
