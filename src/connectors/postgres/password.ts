// The password of a connection. In: what connections.yaml refers to. Out: the password, or none. Must hold: it is resolved
// when the server asks for one, and registered as a secret.

import { readFileSync } from "node:fs";
import { usageFailure } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import type { Environment } from "../../job/job.ts";
import { isSocket } from "../sql/url.ts";
import type { PostgresConnection } from "./connection.ts";

/** Throws a Failure (2) where the password file has none for this connection. */
export function readPassword(connection: PostgresConnection, environment: Environment): Secret | undefined {
  const { password, passwordFile } = connection;
  if (password !== undefined) return password.resolve(environment);
  if (passwordFile === undefined) return undefined;
  const path = passwordFile.resolve(environment).reveal();
  const found = findPassword(readFileSync(path, "utf8"), connection);
  if (found !== undefined) return new Secret(found);
  const { host, port, database } = connection.address;
  throw usageFailure(`${path} has no password for ${host}:${port}:${database}:${connection.user}`, {
    where: connection.place,
    next: "add a line host:port:database:user:password to it",
  });
}

/**
 * Lines are host:port:database:user:password; * is any, a backslash stands before a colon or a backslash, the first line
 * that fits counts, and a socket in its usual folder is called localhost
 * (https://www.postgresql.org/docs/current/libpq-pgpass.html).
 */
export function findPassword(
  text: string,
  { address, user }: Pick<PostgresConnection, "address" | "user">,
): string | undefined {
  const host = isSocket(address) ? "localhost" : address.host;
  const wanted = [host, String(address.port), address.database, user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const cells = [...line.matchAll(/(?:^|:)((?:\\.|[^:\\])*)/gs)].map(([, cell = ""]) =>
      cell.replace(/\\(.)/gs, "$1"),
    );
    const fits = wanted.every((value, index) => cells[index] === "*" || cells[index] === value);
    if (fits && cells[4] !== undefined) return cells[4];
  }
  return undefined;
}
