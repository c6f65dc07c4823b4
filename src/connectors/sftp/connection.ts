// An SFTP server as connections.yaml names it.

import { resolve as resolvePath } from "node:path";
import { z } from "zod";
import { usageFailure } from "../../core/errors.ts";
import { suggest } from "../../core/suggest.ts";
import { hasOneKey, optionalProtected } from "../../job/connection-schema.ts";
import {
  buildReference,
  type ConnectionProblem,
  type ConnectionScope,
  type WrittenConnection,
} from "../../job/connection-type.ts";
import type { Connection, Reference } from "../../job/job.ts";
import { expandReferences } from "../../job/references.ts";
import { closedMap, referencing, secret } from "../../job/schema-parts.ts";
import { findProxyProblem, readSftpProxy, type SftpProxy } from "./proxy.ts";
import { readSftpUrl, type SftpAddress } from "./url.ts";

export interface SftpConnection extends Connection {
  type: "sftp";
  /** Reading it throws a Failure (exit 2) if it holds a reference to an unset variable, or is no address. */
  readonly address: SftpAddress;
  auth: SftpAuth;
  /** The server's key, as `SHA256:…`. */
  hostKey?: string;
  /** The file that knows the server's key, absolute; without one and without `hostKey`, the user's own. Reads like `address`. */
  readonly knownHosts?: string | undefined;
  /** The connection whose server stands in between. */
  readonly jump?: SftpConnection | undefined;
  /** What it goes through; reads like `address`. */
  readonly proxy?: SftpProxy | undefined;
}

type SftpAuth =
  | { kind: "password"; password: Reference }
  | { kind: "private_key"; keyFile: Reference; passphrase?: Reference }
  | { kind: "agent" };

export const sftpShape = closedMap({
  type: z.literal("sftp").describe("The kind of system."),
  url: referencing.describe("sftp://user@host:port, or with a folder: sftp://user@host:port/folder."),
  auth: closedMap({
    password: secret.describe("The password; a reference.").optional(),
    private_key_file: referencing.describe("File with the private key.").optional(),
    passphrase: secret.describe("The key's passphrase; a reference.").optional(),
    agent: z.literal(true).describe("Use the SSH agent.").optional(),
  })
    .meta({
      oneOf: [{ required: ["password"] }, { required: ["private_key_file"] }, { required: ["agent"] }],
      dependentRequired: { passphrase: ["private_key_file"] },
    })
    .refine(
      ({ passphrase, ...auth }) => hasOneKey(auth) && (passphrase === undefined || auth.private_key_file !== undefined),
      "expected one of password, private_key_file (with or without passphrase), agent",
    )
    .describe("How to sign in: one of password, private_key_file, agent."),
  host_key: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, "expected a fingerprint, SHA256:…, as `loadline connections pin` prints it")
    .describe("The server's key: SHA256:…")
    .optional(),
  jump: z
    .string()
    .describe("Another connection of type sftp, whose server stands in between (a bastion, a jump host).")
    .optional(),
  proxy: referencing
    .describe(
      "A proxy on the way: socks5://host:port, or http://host:port (CONNECT); with user and password, the latter a reference.",
    )
    .optional(),
  known_hosts: referencing
    .describe("File that knows the server's key, relative to this file. Default: ~/.ssh/known_hosts.")
    .optional(),
  protected: optionalProtected,
});

type WrittenSftp = z.infer<typeof sftpShape>;

export function findSftpProblems(
  { url, jump, proxy }: WrittenSftp,
  name: string,
  others: Readonly<Record<string, WrittenConnection>>,
): ConnectionProblem[] {
  const problems: ConnectionProblem[] = [];
  const read = url.includes("${") ? undefined : readSftpUrl(url);
  if (read !== undefined && "problem" in read) problems.push({ path: ["url"], message: read.problem });
  const message = proxy === undefined ? undefined : findProxyProblem(proxy);
  if (message !== undefined) problems.push({ path: ["proxy"], message });
  else if (proxy !== undefined && jump !== undefined) {
    const where = `the way leads over ${jump}: write proxy there`;
    problems.push({ path: ["proxy"], message: where });
  }
  const problem = jump === undefined ? undefined : findJumpProblem(name, jump, others);
  return problem === undefined ? problems : [...problems, { path: ["jump"], ...problem }];
}

/** Each way over other servers ends at one that is reached directly. */
function findJumpProblem(
  name: string,
  jump: string,
  others: Readonly<Record<string, WrittenConnection>>,
): Omit<ConnectionProblem, "path"> | undefined {
  const jumpOf = (other: string) => {
    const written = others[other];
    return written?.type === "sftp" ? (written as WrittenSftp).jump : undefined;
  };
  if (others[jump]?.type !== "sftp") {
    const servers = Object.keys(others).filter((other) => others[other]?.type === "sftp");
    const suggestion = suggest(jump, servers);
    const message = `jump: there is no connection "${jump}" of type sftp`;
    return suggestion === undefined ? { message } : { message, suggestion };
  }
  const seen = new Set([name]);
  let next: string | undefined = jump;
  while (next !== undefined && !seen.has(next)) {
    seen.add(next);
    next = jumpOf(next);
  }
  return next === undefined ? undefined : { message: "jump: this way leads round in a circle" };
}

export function readSftp(written: WrittenSftp, scope: ConnectionScope): SftpConnection {
  const { url, host_key, known_hosts, jump, proxy } = written;
  return {
    name: scope.name,
    type: "sftp",
    holds: "files",
    get address() {
      const place = scope.placeAt(["url"]);
      const read = readSftpUrl(expandReferences(url, scope.environment, place, scope.folder));
      if ("problem" in read) throw usageFailure(read.problem, { where: place });
      return read.address;
    },
    auth: buildAuth(written.auth, scope),
    ...(host_key === undefined ? {} : { hostKey: host_key.replace(/=$/, "") }),
    get knownHosts() {
      if (known_hosts === undefined) return undefined;
      const path = expandReferences(known_hosts, scope.environment, scope.placeAt(["known_hosts"]), scope.folder);
      return resolvePath(scope.folder, path);
    },
    get jump() {
      return jump === undefined ? undefined : (scope.connectionNamed(jump) as SftpConnection);
    },
    get proxy() {
      return proxy === undefined ? undefined : readSftpProxy(proxy, scope);
    },
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}

function buildAuth({ password, private_key_file, passphrase }: WrittenSftp["auth"], scope: ConnectionScope): SftpAuth {
  if (password !== undefined) {
    return { kind: "password", password: buildReference(password, ["auth", "password"], scope) };
  }
  if (private_key_file === undefined) return { kind: "agent" };
  return {
    kind: "private_key",
    keyFile: buildReference(private_key_file, ["auth", "private_key_file"], scope, { isPath: true }),
    ...(passphrase === undefined ? {} : { passphrase: buildReference(passphrase, ["auth", "passphrase"], scope) }),
  };
}
