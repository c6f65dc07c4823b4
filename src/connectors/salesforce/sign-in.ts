// Signing in to Salesforce: a given token, one of the OAuth flows, or, for as long as it lasts, user name and password.
// https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flows.htm

import { now } from "../../core/clock.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { Environment } from "../../job/job.ts";
import type { ApiSession } from "../kit/api-client.ts";
import { audiencesOf, signAssertion } from "./assertion.ts";
import type { SalesforceAuth, SalesforceConnection } from "./connection.ts";

export interface SignedIn extends ApiSession {
  /** Known at once for the OAuth flows; a given token says it only in its own text. */
  orgId: string;
  /** What the next renewal takes, where the org rotates refresh tokens. */
  refreshToken?: string;
}

/** The part of a client that signs in. Both throw a Failure with exit code 8 when Salesforce refuses. */
export interface SignInDoor {
  authorize(loginUrl: string, parameters: Record<string, string>): Promise<SignedIn>;
  loginBySoap(loginUrl: string, given: { version: string; username: string; password: string }): Promise<SignedIn>;
}

/**
 * Throws a Failure with exit code 8 when Salesforce refuses, 75 when it can't be reached. `refreshToken` is what an
 * earlier sign-in of this process was handed in place of the connection's own.
 */
export async function signIn(
  client: SignInDoor,
  connection: SalesforceConnection,
  environment: Environment,
  refreshToken?: string,
): Promise<SignedIn> {
  const { auth, loginUrl } = connection;
  switch (auth.kind) {
    case "access_token": {
      const token = auth.token.resolve(environment).reveal();
      return { origin: loginUrl, token, orgId: orgIdOfToken(token, connection) };
    }
    case "client_credentials":
      return client.authorize(loginUrl, {
        grant_type: "client_credentials",
        client_id: auth.clientId.resolve(environment).reveal(),
        client_secret: auth.clientSecret.resolve(environment).reveal(),
      });
    case "jwt":
      return signInByAssertion(client, connection, auth, environment);
    case "refresh_token":
      // https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_refresh_token_flow.htm
      return client.authorize(loginUrl, {
        grant_type: "refresh_token",
        client_id: auth.clientId.resolve(environment).reveal(),
        ...(auth.clientSecret === undefined ? {} : { client_secret: auth.clientSecret.resolve(environment).reveal() }),
        refresh_token: refreshToken ?? auth.refreshToken.resolve(environment).reveal(),
      });
    case "password":
      return signInByPassword(client, connection, auth, environment);
  }
}

async function signInByAssertion(
  client: SignInDoor,
  connection: SalesforceConnection,
  auth: Extract<SalesforceAuth, { kind: "jwt" }>,
  environment: Environment,
): Promise<SignedIn> {
  const [first = connection.loginUrl, ...others] = audiencesOf(connection.loginUrl);
  const ask = (audience: string) =>
    client.authorize(connection.loginUrl, {
      grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
      assertion: signAssertion({ connection, auth, environment, audience, at: now() }),
    });
  let refusal: unknown;
  for (const audience of [first, ...others]) {
    try {
      return await ask(audience);
    } catch (error) {
      const isAboutAudience = error instanceof Failure && /audience/i.test(error.why ?? "");
      if (!isAboutAudience) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

/** SOAP login is in no later version, and ends everywhere with Summer '27. */
const soapVersionMax = 64;

export const soapLoginEnds =
  "signs in by user name and password (SOAP login), a legacy flow that Salesforce retires with Summer '27: " +
  "change to jwt or client_credentials";

/** https://help.salesforce.com/s/articleView?id=005132110&type=1 */
function signInByPassword(
  client: SignInDoor,
  { loginUrl, apiVersion }: SalesforceConnection,
  auth: Extract<SalesforceAuth, { kind: "password" }>,
  environment: Environment,
): Promise<SignedIn> {
  const securityToken = auth.securityToken?.resolve(environment).reveal() ?? "";
  return client.loginBySoap(loginUrl, {
    version: `${Math.min(Number(apiVersion ?? soapVersionMax), soapVersionMax)}.0`,
    username: auth.username.resolve(environment).reveal(),
    password: `${auth.password.resolve(environment).reveal()}${securityToken}`,
  });
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
