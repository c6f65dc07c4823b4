// Where the session of an org is sent: over TLS, to Salesforce's own hosts or the one that was signed in to. What names
// the host is the answer of a sign-in, and an answer may be anybody's.

import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { isLoopback } from "../../core/loopback.ts";
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
