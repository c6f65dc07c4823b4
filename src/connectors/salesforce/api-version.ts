// Which REST API version to speak: the one that the connection names, or the newest that both sides know.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_versions.htm

import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { SalesforceConnection } from "./connection.ts";

/** What is asked for where the connection names no `api_version` and the org offers it. */
const newestKnownVersion = 68;
/** Parallel results of bulk queries came with this one. */
const oldestUsableVersion = 58;
/** https://help.salesforce.com/s/articleView?id=000354473 */
const newestRetiredVersion = 30;

/** `answer` is that of `/services/data`. Throws a Failure (exit 2 for the connection's own `api_version`). */
export function chooseVersion(connection: SalesforceConnection, answer: unknown): string {
  const { name, apiVersion } = connection;
  const offered = readVersions(answer);
  if (apiVersion !== undefined) {
    refuseVersion(connection, Number(apiVersion), offered);
    return apiVersion;
  }
  const usable = offered.filter((version) => version >= oldestUsableVersion && version <= newestKnownVersion);
  if (usable.length > 0) return `${Math.max(...usable)}.0`;
  throw new Failure(
    exitCode.failed,
    `${name} offers no API version from ${oldestUsableVersion} to ${newestKnownVersion}`,
    {
      why: `it offers ${showRange(offered)}`,
    },
  );
}

function readVersions(answer: unknown): number[] {
  const listed = Array.isArray(answer) ? answer : [];
  return listed.map((entry) => Number((entry as { version?: unknown }).version)).filter(Number.isFinite);
}

function refuseVersion(connection: SalesforceConnection, wanted: number, offered: readonly number[]): void {
  const oldest = Math.min(...offered);
  const usable = `"${Math.max(oldest, oldestUsableVersion)}.0" to "${Math.min(Math.max(...offered), newestKnownVersion)}.0"`;
  if (offered.includes(wanted) && wanted >= oldestUsableVersion) return;
  const range = showRange(offered);
  const why =
    wanted <= newestRetiredVersion
      ? `Salesforce has retired it: the org answers 410 and offers ${range}`
      : wanted < oldestUsableVersion
        ? `loadline needs version ${oldestUsableVersion}.0 or later`
        : `the org offers ${range}`;
  throw new Failure(exitCode.usage, `connection ${connection.name}: api_version "${wanted}.0" can't be used`, {
    where: connection.place,
    why,
    next: `set api_version to one of ${usable}, or leave it out for the newest`,
  });
}

function showRange(offered: readonly number[]): string {
  return offered.length === 0 ? "none" : `${Math.min(...offered)}.0 to ${Math.max(...offered)}.0`;
}
