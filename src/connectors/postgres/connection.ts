// A PostgreSQL database as connections.yaml names it.

import { resolve as resolvePath } from "node:path";
import { z } from "zod";
import { usageFailure } from "../../core/errors.ts";
import { optionalProtected } from "../../job/connection-schema.ts";
import type { ConnectionProblem, ConnectionScope } from "../../job/connection-type.ts";
import type { Reference } from "../../job/job.ts";
import { expandReferences } from "../../job/references.ts";
import { closedMap, referencing, secret } from "../../job/schema-parts.ts";
import { optionalCaFile, referencesOf } from "../kit/connection.ts";
import { findServerProblems, readServer, type ServerConnection } from "../sql/connection.ts";
import { type PostgresService, readService } from "./named-address.ts";
import { postgresUrl } from "./url.ts";

export interface PostgresConnection extends ServerConnection {
  type: "postgres";
  /** A password file as psql reads it, in place of a password. */
  passwordFile?: Reference;
  /** What a service file says, where the connection names a service. */
  ofService?: () => PostgresService;
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
  return [...problems, ...findServerProblems({ url }, postgresUrl)];
}

export function readPostgres(written: WrittenPostgres, scope: ConnectionScope): PostgresConnection {
  const { auth = {}, service: name, service_file: file } = written;
  const passwordFile = referencesOf(auth, ["auth"], scope)("pgpass_file", { isPath: true });
  const expand = (text: string, path: string[]) =>
    expandReferences(text, scope.environment, scope.placeAt(path), scope.folder);
  let read: PostgresService | undefined;
  const ofService = () => {
    read ??= readService(expand(name ?? "", ["service"]), {
      file: file === undefined ? undefined : resolvePath(scope.folder, expand(file, ["service_file"])),
      environment: scope.environment,
      place: scope.placeAt(["service"]),
    });
    return read;
  };
  const named = {
    address: () => ofService().address,
    user() {
      const { user } = ofService();
      if (user !== undefined) return user;
      throw usageFailure(`service ${name} names no role`, {
        where: scope.placeAt(["service"]),
        next: "auth: { user: … } here, or user=… there",
      });
    },
    caFile: () => ofService().caFile,
  };
  const server = readServer("postgres", written, scope, postgresUrl, name === undefined ? undefined : named);
  return Object.assign(server, passwordFile && { passwordFile }, name !== undefined && { ofService });
}
