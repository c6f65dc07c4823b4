// A Salesforce org as connections.yaml names it.

import { z } from "zod";
import { usageFailure } from "../../core/errors.ts";
import { hasOneKey, optionalProtected } from "../../job/connection-schema.ts";
import { buildReference, type ConnectionProblem, type ConnectionScope } from "../../job/connection-type.ts";
import type { Connection, Reference } from "../../job/job.ts";
import { expandReferences } from "../../job/references.ts";
import { closedMap, referencing, secret } from "../../job/schema-parts.ts";
import { findLoginUrlProblem } from "./login-url.ts";

export interface SalesforceConnection extends Connection {
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
  | { kind: "refresh_token"; clientId: Reference; clientSecret?: Reference; refreshToken: Reference }
  | { kind: "password"; username: Reference; password: Reference; securityToken?: Reference };

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
  protected: optionalProtected,
});

type WrittenSalesforce = z.infer<typeof salesforceShape>;

export function findSalesforceProblems({ login_url, auth }: WrittenSalesforce): ConnectionProblem[] {
  if (login_url.includes("${")) return [];
  const message = findLoginUrlProblem(login_url, flowOf(auth));
  return message === undefined ? [] : [{ path: ["login_url"], message }];
}

export function readSalesforce(written: WrittenSalesforce, scope: ConnectionScope): SalesforceConnection {
  return {
    name: scope.name,
    type: "salesforce",
    holds: "objects",
    get loginUrl() {
      const place = scope.placeAt(["login_url"]);
      const url = expandReferences(written.login_url, scope.environment, place, scope.folder);
      const problem = findLoginUrlProblem(url, flowOf(written.auth));
      if (problem !== undefined) throw usageFailure(problem, { where: place });
      return new URL(url).origin;
    },
    auth: buildAuth(written.auth, scope),
    ...(written.api_version === undefined ? {} : { apiVersion: written.api_version }),
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}

function flowOf(written: WrittenSalesforce["auth"]): SalesforceAuth["kind"] {
  return Object.keys(written)[0] as SalesforceAuth["kind"];
}

function buildAuth(written: WrittenSalesforce["auth"], scope: ConnectionScope): SalesforceAuth {
  const { jwt, client_credentials, refresh_token, password } = written;
  if (jwt !== undefined) {
    const flow = ["auth", "jwt"];
    return {
      kind: "jwt",
      clientId: buildReference(jwt.client_id, [...flow, "client_id"], scope),
      username: buildReference(jwt.username, [...flow, "username"], scope),
      keyFile: buildReference(jwt.key_file, [...flow, "key_file"], scope, { isPath: true }),
    };
  }
  if (client_credentials !== undefined) {
    const flow = ["auth", "client_credentials"];
    return {
      kind: "client_credentials",
      clientId: buildReference(client_credentials.client_id, [...flow, "client_id"], scope),
      clientSecret: buildReference(client_credentials.client_secret, [...flow, "client_secret"], scope),
    };
  }
  if (refresh_token !== undefined) {
    const flow = ["auth", "refresh_token"];
    const { client_id, client_secret } = refresh_token;
    return {
      kind: "refresh_token",
      clientId: buildReference(client_id, [...flow, "client_id"], scope),
      ...(client_secret === undefined
        ? {}
        : { clientSecret: buildReference(client_secret, [...flow, "client_secret"], scope) }),
      refreshToken: buildReference(refresh_token.refresh_token, [...flow, "refresh_token"], scope),
    };
  }
  if (password !== undefined) {
    const flow = ["auth", "password"];
    const { security_token } = password;
    return {
      kind: "password",
      username: buildReference(password.username, [...flow, "username"], scope),
      password: buildReference(password.password, [...flow, "password"], scope),
      ...(security_token === undefined
        ? {}
        : { securityToken: buildReference(security_token, [...flow, "security_token"], scope) }),
    };
  }
  return { kind: "access_token", token: buildReference(written.access_token ?? "", ["auth", "access_token"], scope) };
}
