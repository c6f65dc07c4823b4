// A database server as connections.yaml names it: an address, a user, its password. In: what is written. Out: what it says once
// it is used. Must hold: nothing that a reference holds is in a message.

import { z } from "zod";
import { usageFailure } from "../../core/errors.ts";
import { isAddress } from "../../core/loopback.ts";
import { optionalProtected } from "../../job/connection-schema.ts";
import type { ConnectionProblem, ConnectionScope } from "../../job/connection-type.ts";
import type { Reference } from "../../job/job.ts";
import { expandReferences } from "../../job/references.ts";
import { closedMap, referencing, secret } from "../../job/schema-parts.ts";
import { findAddressProblems, optionalCaFile, readCaFile, referencesOf } from "../kit/connection.ts";
import type { SqlConnection } from "./connector.ts";
import { type DatabaseAddress, readDatabaseUrl, type UrlDialect } from "./url.ts";

export interface ServerConnection extends SqlConnection {
  /** Reading it throws a Failure (exit 2) if it holds a reference to an unset variable, or is no address. */
  readonly address: DatabaseAddress;
  /** Reads like `address`. */
  readonly user: string;
  /** Where the server wants none, there is none. */
  password?: Reference;
  readonly caFile?: string | undefined;
}

/** `url`: how the address is written, for people. */
export function serverShape<Type extends string>(type: Type, url: string) {
  return closedMap({
    type: z.literal(type).describe("The kind of system."),
    url: referencing.describe(url),
    auth: closedMap({
      user: referencing.describe("The user to sign in as."),
      password: secret.describe("Its password; a reference.").optional(),
    }).describe("How to sign in."),
    ca_file: optionalCaFile,
    protected: optionalProtected,
  });
}

/**
 * For drivers that check an address against the name `localhost`, whatever the certificate says. Throws a Failure (2) for one
 * beyond this machine.
 */
export function requireName({ name, address, place }: ServerConnection): void {
  if (!isAddress(address.host)) return;
  throw usageFailure(`${name}: TLS verifies a server by its name, and ${address.host} is none`, {
    where: place,
    next: "write the server's name in url, as its certificate has it",
  });
}

interface WrittenServer {
  url?: string | undefined;
  auth?: { user?: string | undefined; password?: string | undefined } | undefined;
  ca_file?: string | undefined;
  protected?: boolean | undefined;
}

/** What stands elsewhere of a server: each is read where connections.yaml says nothing of it. */
interface NamedServer {
  address(): DatabaseAddress;
  user(): string;
  caFile(): string | undefined;
}

export function findServerProblems({ url }: WrittenServer, dialect: UrlDialect): ConnectionProblem[] {
  if (url === undefined) return [];
  return findAddressProblems(url, "url", (text) => {
    const read = readDatabaseUrl(text, dialect);
    return "problem" in read ? read.problem : undefined;
  });
}

export function readServer<Type extends string>(
  type: Type,
  written: WrittenServer,
  scope: ConnectionScope,
  dialect: UrlDialect,
  named?: NamedServer,
): ServerConnection & { type: Type } {
  const { url = "", auth = {} } = written;
  const password = referencesOf(auth, ["auth"], scope)("password");
  const expand = (text: string, path: string[]) =>
    expandReferences(text, scope.environment, scope.placeAt(path), scope.folder);
  return {
    name: scope.name,
    type,
    holds: "tables",
    get address() {
      if (written.url === undefined && named !== undefined) return named.address();
      const read = readDatabaseUrl(expand(url, ["url"]), dialect);
      if ("problem" in read) throw usageFailure(read.problem, { where: scope.placeAt(["url"]) });
      return read.address;
    },
    get user() {
      if (auth.user === undefined && named !== undefined) return named.user();
      return expand(auth.user ?? "", ["auth", "user"]);
    },
    ...(password === undefined ? {} : { password }),
    get caFile() {
      return readCaFile(written.ca_file, scope) ?? named?.caFile();
    },
    isReal: true,
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}
