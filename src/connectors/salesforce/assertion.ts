// The JWT that stands for a password: who asks, for whom, to whom, until when; signed with the app's key.
// https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm

import { createSign } from "node:crypto";
import { readFileSync } from "node:fs";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { Environment } from "../../job/job.ts";
import type { SalesforceAuth, SalesforceConnection } from "./connection.ts";

/** Salesforce refuses assertions that live longer than this. */
const assertionSeconds = 180;

const production = "https://login.salesforce.com";
const sandbox = "https://test.salesforce.com";

/**
 * Whom an assertion that is posted to this URL may name, the likeliest first. Salesforce's page lists its two shared
 * hosts; orgs have been seen to refuse their own My Domain ("audience is invalid"), and others to want it, so that its
 * own CLI tries them in turn (github.com/forcedotcom/sfdx-core, authInfo.ts).
 */
export function audiencesOf(loginUrl: string): string[] {
  const { origin, hostname } = new URL(loginUrl);
  if (origin === production || origin === sandbox || !hostname.endsWith(".salesforce.com")) return [origin];
  const isSandbox = /\.sandbox\.my\.salesforce\.com$|--[^.]+(\.cs\d+)?\.my\.salesforce\.com$|^cs\d+\./.test(hostname);
  return [isSandbox ? sandbox : production, origin];
}

export interface AssertionRequest {
  connection: SalesforceConnection;
  auth: Extract<SalesforceAuth, { kind: "jwt" }>;
  environment: Environment;
  audience: string;
  at: Date;
}

/** Throws a Failure (exit 8) where the key can't be used. */
export function signAssertion({ connection, auth, environment, audience, at }: AssertionRequest): string {
  const keyFile = auth.keyFile.resolve(environment).reveal();
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    iss: auth.clientId.resolve(environment).reveal(),
    sub: auth.username.resolve(environment).reveal(),
    aud: audience,
    exp: Math.floor(at.getTime() / 1000) + assertionSeconds,
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
