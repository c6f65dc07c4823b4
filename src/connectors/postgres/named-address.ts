// Services as libpq knows them: a name for an address, in a file that psql and others read too. In: the name, and the file. Out:
// the address and what goes with it. Must hold: what the file says is taken, or refused by name: nothing is left aside.
// https://www.postgresql.org/docs/current/libpq-pgservice.html

import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Place, showPath, usageFailure } from "../../core/errors.ts";
import { suggest } from "../../core/suggest.ts";
import type { Environment } from "../../job/job.ts";
import type { DatabaseAddress } from "../sql/url.ts";

export interface PostgresService {
  address: DatabaseAddress;
  user?: string;
  password?: string;
  passwordFile?: string;
  caFile?: string;
}

const known = ["host", "port", "dbname", "user", "password", "passfile", "sslmode", "sslrootcert"];

/** `file`: the one that the connection names; else those that libpq looks into, the user's own first. */
export function readService(
  name: string,
  { file, environment, place }: { file: string | undefined; environment: Environment; place: Place },
): PostgresService {
  const files = file === undefined ? usualFiles(environment) : [file];
  const names: string[] = [];
  for (const path of files) {
    if (file === undefined && !existsSync(path)) continue;
    const services = parseServices(readText(path, place), path, place);
    const found = services.get(name);
    if (found !== undefined) return serviceOf(name, found, path, place);
    names.push(...services.keys());
  }
  const meant = suggest(name, names);
  throw usageFailure(`there is no service ${name} in ${files.map((path) => showPath(path)).join(", ")}`, {
    where: place,
    next: meant === undefined ? `add [${name}] with host, dbname and user to it` : `did you mean ${meant}?`,
  });
}

function usualFiles(environment: Environment): string[] {
  const system = environment["PGSYSCONFDIR"] ?? "/etc/postgresql-common";
  return [environment["PGSERVICEFILE"] ?? join(homedir(), ".pg_service.conf"), join(system, "pg_service.conf")];
}

function readText(path: string, place: Place): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw usageFailure(`${showPath(path)} can't be read: ${(error as Error).message}`, { where: place });
  }
}

/** A name in brackets, and lines `parameter=value` below it; of two sections of a name the first counts. */
function parseServices(text: string, path: string, place: Place): Map<string, Map<string, string>> {
  const services = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = written.trim();
    if (line === "" || line.startsWith("#")) continue;
    const section = /^\[(.*)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      current = new Map();
      if (!services.has(section)) services.set(section, current);
      continue;
    }
    const at = line.indexOf("=");
    if (at < 1 || current === undefined) {
      throw usageFailure(`${showPath(path)}: line ${index + 1} is no parameter=value of a service`, { where: place });
    }
    current.set(line.slice(0, at), line.slice(at + 1));
  }
  return services;
}

function serviceOf(name: string, parameters: ReadonlyMap<string, string>, path: string, place: Place): PostgresService {
  const refuse = (message: string, next: string) =>
    usageFailure(`${showPath(path)}: service ${name}: ${message}`, { where: place, next });
  const unknown = [...parameters.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw refuse(`${unknown} has no meaning here`, `a service of its own without it; known are ${known.join(", ")}`);
  }
  const database = parameters.get("dbname");
  if (database === undefined) throw refuse("it names no database", "add dbname=…");
  const host = parameters.get("host") ?? "localhost";
  if (host.includes(",")) throw refuse("it has several hosts", "a service for each, and a connection for each");
  const port = Number(parameters.get("port") ?? "5432");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw refuse("its port is none", "port=5432, say");
  const isHere = host.startsWith("/") || host === "localhost" || /^127\.|^::1$/.test(host);
  if (["disable", "allow"].includes(parameters.get("sslmode") ?? "") && !isHere) {
    throw refuse("without TLS a password is shown to whoever listens", "sslmode=verify-full");
  }
  const taken = (key: string) => parameters.get(key);
  const [user, password, passwordFile, caFile] = [
    taken("user"),
    taken("password"),
    taken("passfile"),
    taken("sslrootcert"),
  ];
  return {
    address: { host, port, database },
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    ...(caFile === undefined || caFile === "system" ? {} : { caFile }),
  };
}
