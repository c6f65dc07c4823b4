// The way to the systems: proxies, and who may vouch for a server.

import { now } from "../../../core/clock.ts";
import { Failure, showPath } from "../../../core/errors.ts";
import { readAuthorities } from "../../../http/authorities.ts";
import { readProxies } from "../../../http/proxy.ts";
import type { Connection, Environment } from "../../../job/job.ts";
import { countOf } from "../../../report/numbers.ts";
import { type Finding, ok, warning, wrong, wrongBy } from "./finding.ts";

export function lookAtProxies(environment: Environment): Finding[] {
  try {
    const { told } = readProxies(environment);
    if (told.length === 0) return [ok("proxies", "none is set")];
    return told.map(({ variable, address }) => ok("proxies", `${variable}: ${address}`));
  } catch (error) {
    return [wrongBy("proxies", error, "correct the variable")];
  }
}

/** What is trusted beside what Node brings: by the variable that Node reads as it starts, and by connections. */
export function lookAtAuthorities(connections: Iterable<Connection & { caFile?: string | undefined }>): Finding[] {
  const extra = process.env["NODE_EXTRA_CA_CERTS"] ?? "";
  const files = new Set(extra === "" ? [] : [extra]);
  for (const connection of connections) {
    const file = caFileOf(connection);
    if (file !== undefined) files.add(file);
  }
  return [...files].map(lookAtFile);
}

/** A variable in its path that is not set is told with the connection. */
function caFileOf(connection: { caFile?: string | undefined }): string | undefined {
  try {
    return connection.caFile;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

const soonMs = 30 * 86_400_000;

/** A bundle of many has some that have ended: only that none is left, or ends soon, is amiss. */
function lookAtFile(file: string): Finding {
  try {
    const authorities = readAuthorities(file);
    const last = new Date(Math.max(...authorities.map(({ validTo }) => validTo.getTime())));
    const left = last.getTime() - now().getTime();
    const [first] = authorities;
    const named = authorities.length === 1 ? (first?.subject ?? "") : countOf(authorities.length, "certificate");
    const told = `${showPath(file)}: ${named}, until ${last.toISOString().slice(0, 10)}`;
    if (left <= 0) return wrong("certificates", told, "fetch the authority's present certificate");
    return left < soonMs ? warning("certificates", told, "it ends soon: fetch the next one") : ok("certificates", told);
  } catch (error) {
    return wrongBy("certificates", error, "correct the file");
  }
}
