// Where the session of an org is sent: over TLS, to Salesforce's own hosts or the one that was signed in to. What names
// a host is an answer, and an answer may be anybody's.

import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { isLoopback } from "../../job/origin.ts";
import type { SalesforceConnection } from "./connection.ts";

/**
 * Hosts that Salesforce serves orgs from: as the Salesforce CLI knows them, and China's.
 * https://github.com/forcedotcom/sfdx-core/blob/main/src/util/sfdcUrl.ts
 */
const ownHosts = /\.(salesforce\.com|force\.com|cloudforce\.com|crmforce\.mil|sfcrmproducts\.cn)$/;

/** The origin of an `instance_url` or `serverUrl` that a sign-in gave. Throws a Failure where a session must not go there. */
export function checkInstance(instanceUrl: string, { name, place, loginUrl }: SalesforceConnection): string {
  const instance = URL.parse(instanceUrl);
  const login = new URL(loginUrl);
  // From this machine to this machine is the sandbox, whatever its ports.
  const isLocal = isLoopback(login.hostname) && instance !== null && isLoopback(instance.hostname);
  const isOwn = instance?.protocol === "https:" && (ownHosts.test(instance.hostname) || instance.host === login.host);
  if (instance !== null && (isOwn || isLocal)) return instance.origin;
  throw new Failure(exitCode.signIn, `${name}: the sign-in names a host that is not Salesforce's`, {
    where: place,
    why: `the instance is ${instance?.origin ?? "no URL"}; it must be https, of Salesforce or of login_url`,
    next: "check who answers at login_url; the session was sent nowhere",
  });
}

/** The URL of a path; where an answer gave a whole URL (a next page), it must be of the instance. Throws a Failure. */
export function urlOnInstance(instanceUrl: string, path: string, { name, place }: SalesforceConnection): string {
  const instance = new URL(instanceUrl);
  const url = path.startsWith("/") ? URL.parse(`${instance.origin}${path}`) : URL.parse(path);
  if (url !== null && url.origin === instance.origin) return url.href;
  throw new Failure(exitCode.failed, `${name}: an answer points to a page elsewhere`, {
    where: place,
    why: `${url === null || url.host === "" ? "it is no URL" : `it is on ${url.host}`}, the session is for ${instance.host}`,
    next: "check who answers for the org; the session was not sent there",
  });
}
