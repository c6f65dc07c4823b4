// Signing in to Salesforce: a given token, client credentials, or a JWT that we sign.
// https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flows.htm

import { createSign } from "node:crypto";
import { readFileSync } from "node:fs";
import { now } from "../../core/clock.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { registerSecret } from "../../core/secret.ts";
import type { Environment, SalesforceConnection } from "../../job/job.ts";
import type { SalesforceClient } from "./client.ts";

export interface SignedIn {
  instanceUrl: string;
  accessToken: string;
  /** Known at once for the OAuth flows; a given token says it only in its own text. */
  orgId: string;
}

/** Salesforce refuses assertions that live longer than this. */
const assertionSeconds = 180;

/** Throws a Failure with exit code 8 when Salesforce refuses, 75 when it can't be reached. */
export async function signIn(
  client: SalesforceClient,
  connection: SalesforceConnection,
  environment: Environment,
): Promise<SignedIn> {
  const { auth } = connection;
  if (auth.kind === "access_token") {
    const accessToken = auth.token.resolve(environment).reveal();
    return { instanceUrl: trimSlash(connection.loginUrl), accessToken, orgId: orgIdOfToken(accessToken, connection) };
  }
  const parameters =
    auth.kind === "client_credentials"
      ? {
          grant_type: "client_credentials",
          client_id: auth.clientId.resolve(environment).reveal(),
          client_secret: auth.clientSecret.resolve(environment).reveal(),
        }
      : {
          grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
          assertion: signAssertion(connection, environment),
        };
  const answer = await client.authorize(trimSlash(connection.loginUrl), parameters);
  registerSecret(answer.accessToken);
  return answer;
}

function trimSlash(url: string): string {
  return url.replace(/\/+$/, "");
}

/** An access token starts with the id of its org: `00D…!…`. */
function orgIdOfToken(token: string, connection: SalesforceConnection): string {
  const orgId = /^(00D\w{12,15})!/.exec(token)?.[1];
  if (orgId !== undefined) return orgId.slice(0, 15);
  throw new Failure(exitCode.signIn, `${connection.name}: the access token is not one of Salesforce (00D…!…)`, {
    where: connection.place,
    next: "set the variable to a session id or OAuth access token of the org",
  });
}

function signAssertion(connection: SalesforceConnection, environment: Environment): string {
  const { auth } = connection;
  if (auth.kind !== "jwt") throw new Error("only the JWT flow signs an assertion");
  const keyFile = auth.keyFile.resolve(environment).reveal();
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    iss: auth.clientId.resolve(environment).reveal(),
    sub: auth.username.resolve(environment).reveal(),
    aud: trimSlash(connection.loginUrl),
    exp: Math.floor(now().getTime() / 1000) + assertionSeconds,
  };
  const unsigned = `${encode({ alg: "RS256", typ: "JWT" })}.${encode(claims)}`;
  try {
    return `${unsigned}.${createSign("RSA-SHA256").update(unsigned).sign(readFileSync(keyFile), "base64url")}`;
  } catch (error) {
    throw new Failure(exitCode.signIn, `${connection.name}: the private key can't be used`, {
      where: { file: keyFile },
      why: error instanceof Error ? error.message : String(error),
      next: "key_file must name a PEM file with the private key of the connected app's certificate",
    });
  }
}
