// A PostgreSQL database as connections.yaml names it.

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
import { readPostgresUrl } from "./url.ts";

export interface PostgresConnection extends SqlConnection {
  type: "postgres";
  /** Reading it throws a Failure (exit 2) if it holds a reference to an unset variable, or is no address. */
  readonly address: DatabaseAddress;
  /** Reads like `address`. */
  readonly user: string;
  /** Without one, the file, or neither: a server may trust a socket, or know the user by the system's. */
  password?: Reference;
  /** A password file as psql reads it. */
  passwordFile?: Reference;
  readonly caFile?: string | undefined;
}

export const postgresShape = closedMap({
  type: z.literal("postgres").describe("The kind of system."),
  url: referencing.describe(
    "postgres://host:port/database; the folder of a socket as host: postgres://%2Frun%2Fpg/db.",
  ),
  auth: closedMap({
    user: referencing.describe("The role to sign in as."),
    password: secret.describe("Its password; a reference.").optional(),
    pgpass_file: referencing
      .describe("In place of it: a password file as psql reads it (~/.pgpass), relative to this file.")
      .optional(),
  })
    .refine(
      ({ password, pgpass_file }) => password === undefined || pgpass_file === undefined,
      "expected one of password, pgpass_file",
    )
    .describe("How to sign in."),
  ca_file: optionalCaFile,
  protected: optionalProtected,
});

type WrittenPostgres = z.infer<typeof postgresShape>;

export function findPostgresProblems({ url }: WrittenPostgres): ConnectionProblem[] {
  return findAddressProblems(url, "url", (text) => {
    const read = readPostgresUrl(text);
    return "problem" in read ? read.problem : undefined;
  });
}

export function readPostgres(written: WrittenPostgres, scope: ConnectionScope): PostgresConnection {
  const reference = referencesOf(written.auth, ["auth"], scope);
  const password = reference("password");
  const passwordFile = reference("pgpass_file", { isPath: true });
  return {
    name: scope.name,
    type: "postgres",
    holds: "tables",
    get address() {
      const place = scope.placeAt(["url"]);
      const read = readPostgresUrl(expandReferences(written.url, scope.environment, place, scope.folder));
      if ("problem" in read) throw usageFailure(read.problem, { where: place });
      return read.address;
    },
    get user() {
      return expandReferences(written.auth.user, scope.environment, scope.placeAt(["auth", "user"]), scope.folder);
    },
    ...(password === undefined ? {} : { password }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    get caFile() {
      return readCaFile(written.ca_file, scope);
    },
    isReal: true,
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}
