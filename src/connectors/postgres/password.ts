// The password of a connection. In: what connections.yaml refers to. Out: the password, or none. Must hold: it is resolved
// when the server asks for one, and registered as a secret.

import { readFileSync, statSync } from "node:fs";
import { showPath, usageFailure } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import type { Environment } from "../../job/job.ts";
import { isSocket } from "../sql/url.ts";
import type { PostgresConnection } from "./connection.ts";

/** Throws a Failure (2) where the password file has none for this connection. */
export function readPassword(connection: PostgresConnection, environment: Environment): Secret | undefined {
  const { password, passwordFile } = connection;
  if (password !== undefined) return password.resolve(environment);
  const ofService = connection.ofService?.();
  if (passwordFile === undefined && ofService?.password !== undefined) return new Secret(ofService.password);
  const path = passwordFile?.resolve(environment).reveal() ?? ofService?.passwordFile;
  if (path === undefined) return undefined;
  refuseShared(path, connection);
  const found = findPassword(readFileSync(path, "utf8"), connection);
  if (found !== undefined) return new Secret(found);
  const { host, port, database } = connection.address;
  throw usageFailure(`${path} has no password for ${host}:${port}:${database}:${connection.user}`, {
    where: connection.place,
    next: "add a line host:port:database:user:password to it",
  });
}

/** psql takes no password from a file that others may read, either. */
function refuseShared(path: string, { place }: PostgresConnection): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw usageFailure(`there is no password file ${showPath(path)}`, { where: place });
  if (process.platform === "win32" || (stat.mode & 0o077) === 0) return;
  throw usageFailure(`${showPath(path)} may be read by others: psql takes no password from it, nor does loadline`, {
    where: place,
    next: `chmod 600 ${showPath(path)}`,
  });
}

/**
 * Lines are host:port:database:user:password; * is any, a backslash stands before a colon or a backslash, the first line
 * that fits counts, and a socket is called localhost or by its folder
 * (https://www.postgresql.org/docs/current/libpq-pgpass.html).
 */
export function findPassword(
  text: string,
  { address, user }: Pick<PostgresConnection, "address" | "user">,
): string | undefined {
  const hosts = isSocket(address) ? ["localhost", address.host] : [address.host];
  const wanted = [hosts, [String(address.port)], [address.database], [user]];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const cells = [...line.matchAll(/(?:^|:)((?:\\.|[^:\\])*)/gs)].map(([, cell = ""]) =>
      cell.replace(/\\(.)/gs, "$1"),
    );
    const fits = wanted.every((values, index) => cells[index] === "*" || values.includes(cells[index] ?? ""));
    if (fits && cells[4] !== undefined) return cells[4];
  }
  return undefined;
}
