// A PostgreSQL database as connections.yaml names it.

import { resolve as resolvePath } from "node:path";
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
import { type PostgresService, readService } from "./named-address.ts";
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
  /** What a service file says, where the connection names a service. */
  readonly ofService?: PostgresService | undefined;
}

export const postgresShape = closedMap({
  type: z.literal("postgres").describe("The kind of system."),
  url: referencing
    .describe("postgres://host:port/database; the folder of a socket as host: postgres://%2Frun%2Fpg/db.")
    .optional(),
  service: referencing
    .describe("In place of `url`: a service of pg_service.conf, which has host, port, database and role.")
    .optional(),
  service_file: referencing
    .describe("The file of the service, relative to this file; PGSERVICEFILE, ~/.pg_service.conf by default.")
    .optional(),
  auth: closedMap({
    user: referencing.describe("The role to sign in as; of a service its own by default.").optional(),
    password: secret.describe("Its password; a reference.").optional(),
    pgpass_file: referencing
      .describe("In place of it: a password file as psql reads it (~/.pgpass), relative to this file.")
      .optional(),
  })
    .refine(
      ({ password, pgpass_file }) => password === undefined || pgpass_file === undefined,
      "expected one of password, pgpass_file",
    )
    .describe("How to sign in.")
    .optional(),
  ca_file: optionalCaFile,
  protected: optionalProtected,
});

type WrittenPostgres = z.infer<typeof postgresShape>;

export function findPostgresProblems({ url, service, service_file, auth }: WrittenPostgres): ConnectionProblem[] {
  const problems: ConnectionProblem[] = [];
  if ((url === undefined) === (service === undefined)) {
    problems.push({ path: [], message: "expected one of url, service" });
  }
  if (service === undefined && service_file !== undefined) {
    problems.push({ path: ["service_file"], message: "service_file goes with `service`" });
  }
  if (service === undefined && auth?.user === undefined) {
    problems.push({ path: [], message: "auth.user is missing: the role to sign in as" });
  }
  if (url === undefined) return problems;
  const wrong = findAddressProblems(url, "url", (text) => {
    const read = readPostgresUrl(text);
    return "problem" in read ? read.problem : undefined;
  });
  return [...problems, ...wrong];
}

export function readPostgres(written: WrittenPostgres, scope: ConnectionScope): PostgresConnection {
  const { auth = {} } = written;
  const reference = referencesOf(auth, ["auth"], scope);
  const password = reference("password");
  const passwordFile = reference("pgpass_file", { isPath: true });
  const expand = (text: string, path: string[]) =>
    expandReferences(text, scope.environment, scope.placeAt(path), scope.folder);
  const inFolder = (path: string) => resolvePath(scope.folder, path);
  let service: PostgresService | undefined;
  const ofService = (name: string) => {
    const file = written.service_file;
    service ??= readService(expand(name, ["service"]), {
      file: file === undefined ? undefined : inFolder(expand(file, ["service_file"])),
      environment: scope.environment,
      place: scope.placeAt(["service"]),
    });
    return service;
  };
  return {
    name: scope.name,
    type: "postgres",
    holds: "tables",
    get address() {
      if (written.service !== undefined) return ofService(written.service).address;
      const read = readPostgresUrl(expand(written.url ?? "", ["url"]));
      if ("problem" in read) throw usageFailure(read.problem, { where: scope.placeAt(["url"]) });
      return read.address;
    },
    get user() {
      if (auth.user !== undefined) return expand(auth.user, ["auth", "user"]);
      const user = written.service === undefined ? undefined : ofService(written.service).user;
      if (user !== undefined) return user;
      throw usageFailure(`service ${written.service} names no role`, {
        where: scope.placeAt(["service"]),
        next: "auth: { user: … } here, or user=… there",
      });
    },
    ...(password === undefined ? {} : { password }),
    ...(passwordFile === undefined ? {} : { passwordFile }),
    get ofService() {
      return written.service === undefined ? undefined : ofService(written.service);
    },
    get caFile() {
      return readCaFile(written.ca_file, scope) ?? this.ofService?.caFile;
    },
    isReal: true,
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}
