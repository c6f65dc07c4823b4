// A MySQL or MariaDB database as connections.yaml names it.

import { z } from "zod";
import { usageFailure } from "../../core/errors.ts";
import { optionalProtected } from "../../job/connection-schema.ts";
import type { ConnectionProblem, ConnectionScope } from "../../job/connection-type.ts";
import type { Reference } from "../../job/job.ts";
import { expandReferences } from "../../job/references.ts";
import { closedMap, referencing, secret } from "../../job/schema-parts.ts";
import { findAddressProblems, optionalCaFile, readCaFile, referencesOf } from "../kit/connection.ts";
import type { SqlConnection } from "../sql/connector.ts";
import type { DatabaseAddress } from "../sql/url.ts";
import { readMysqlUrl } from "./url.ts";

export interface MysqlConnection extends SqlConnection {
  type: "mysql";
  /** Reading it throws a Failure (exit 2) if it holds a reference to an unset variable, or is no address. */
  readonly address: DatabaseAddress;
  /** Reads like `address`. */
  readonly user: string;
  /** Without one, the server knows the user by the socket. */
  password?: Reference;
  readonly caFile?: string | undefined;
}

export const mysqlShape = closedMap({
  type: z.literal("mysql").describe("The kind of system."),
  url: referencing.describe(
    "mysql://host:port/database; the path of a socket as host: mysql://%2Frun%2Fmysqld%2Fmysqld.sock/db.",
  ),
  auth: closedMap({
    user: referencing.describe("The user to sign in as."),
    password: secret.describe("Its password; a reference.").optional(),
  }).describe("How to sign in."),
  ca_file: optionalCaFile,
  protected: optionalProtected,
});

type WrittenMysql = z.infer<typeof mysqlShape>;

export function findMysqlProblems({ url }: WrittenMysql): ConnectionProblem[] {
  return findAddressProblems(url, "url", (text) => {
    const read = readMysqlUrl(text);
    return "problem" in read ? read.problem : undefined;
  });
}

export function readMysql(written: WrittenMysql, scope: ConnectionScope): MysqlConnection {
  const password = referencesOf(written.auth, ["auth"], scope)("password");
  return {
    name: scope.name,
    type: "mysql",
    holds: "tables",
    get address() {
      const place = scope.placeAt(["url"]);
      const read = readMysqlUrl(expandReferences(written.url, scope.environment, place, scope.folder));
      if ("problem" in read) throw usageFailure(read.problem, { where: place });
      return read.address;
    },
    get user() {
      return expandReferences(written.auth.user, scope.environment, scope.placeAt(["auth", "user"]), scope.folder);
    },
    ...(password === undefined ? {} : { password }),
    get caFile() {
      return readCaFile(written.ca_file, scope);
    },
    isReal: true,
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}
