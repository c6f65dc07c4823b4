// Whether a server is the one that is meant. In: the key that it shows. Out: nothing, or a Failure that says which key it
// is and what to do. What must hold: without a word of the user (a pinned key, a known_hosts file) no server is trusted,
// and no credential has left this machine when one is refused.

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ServerHostKeyAlgorithm } from "ssh2";
import { Failure, showPath } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { SftpConnection } from "./connection.ts";
import { findKnownHost, type KnownHost, type KnownKey } from "./known-hosts.ts";

export interface HostKey {
  /** ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa, … */
  type: string;
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  fingerprint: string;
  /** As known_hosts has it. */
  base64: string;
}

export interface Trust {
  /** What a server with several keys is asked for first. */
  order: ServerHostKeyAlgorithm[];
  /** What a person should know. */
  warnings: string[];
  /** Why the key is not trusted. */
  refuse(key: HostKey): Failure | undefined;
}

/** SHA-1 signatures are not among them. */
export const hostKeyKinds: readonly ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/** A key as the server shows it: its kind with its length in front, then its numbers. */
export function readHostKey(blob: Buffer): HostKey {
  const type = blob.subarray(4, 4 + blob.readUInt32BE()).toString("latin1");
  return { type, fingerprint: fingerprintOf(blob), base64: blob.toString("base64").replace(/=+$/, "") };
}

function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

export function trustOf(connection: SftpConnection): Trust {
  return connection.hostKey === undefined ? trustKnownHosts(connection) : trustPinned(connection, connection.hostKey);
}

function trustPinned(connection: SftpConnection, pinned: string): Trust {
  return {
    order: [...hostKeyKinds],
    warnings: [],
    refuse: (key) => (key.fingerprint === pinned ? undefined : changedKey(connection, key, `host_key is ${pinned}`)),
  };
}

function trustKnownHosts(connection: SftpConnection): Trust {
  const path = connection.knownHosts ?? join(homedir(), ".ssh", "known_hosts");
  const { host, port } = connection.address;
  const known: KnownHost = existsSync(path)
    ? findKnownHost(readFileSync(path, "utf8"), host, port)
    : { keys: [], authorities: [] };
  const types = new Set(known.keys.filter(({ revoked }) => !revoked).map(({ type }) => type));
  const isKnown = (algorithm: string) => types.has(algorithm.startsWith("rsa-") ? "ssh-rsa" : algorithm);
  return {
    // A server is asked for a key that can be compared, as OpenSSH does.
    order: [...hostKeyKinds.filter(isKnown), ...hostKeyKinds.filter((algorithm) => !isKnown(algorithm))],
    warnings: known.authorities.map(
      (line) => `${showPath(path)}:${line}: @cert-authority is passed over: loadline compares keys, not certificates`,
    ),
    refuse: (key) => refuseUnknown(connection, key, known.keys, path),
  };
}

function refuseUnknown(
  connection: SftpConnection,
  key: HostKey,
  known: readonly KnownKey[],
  path: string,
): Failure | undefined {
  const same = known.filter((entry) => entry.key === key.base64);
  const revoked = same.find((entry) => entry.revoked);
  if (revoked !== undefined) {
    return new Failure(exitCode.signIn, `${place(connection)} shows a key that is revoked`, {
      why: `${shown(key)} is marked @revoked in ${showPath(path)}:${revoked.line}; no credential was sent`,
      next: "ask the owner of the server for its present key",
    });
  }
  if (same.length > 0) return undefined;
  const others = known.filter((entry) => !entry.revoked);
  const [other] = others;
  if (other !== undefined) {
    const fingerprint = fingerprintOf(Buffer.from(other.key, "base64"));
    return changedKey(connection, key, `${showPath(path)}:${other.line} has ${other.type} ${fingerprint}`);
  }
  return new Failure(exitCode.signIn, `${place(connection)} is not known: its key can't be verified`, {
    why: `it shows ${shown(key)}, and neither host_key nor ${showPath(path)} has it; no credential was sent`,
    next: `compare it with what the owner of the server says, then write host_key: "${key.fingerprint}" below the connection ${connection.name}`,
  });
}

function changedKey(connection: SftpConnection, key: HostKey, expected: string): Failure {
  return new Failure(exitCode.signIn, `${place(connection)} shows another key than expected`, {
    why: `it shows ${shown(key)}, ${expected}: either the key was changed, or something stands between you and the server; no credential was sent`,
    next: `ask the owner of the server; if the key was changed, write host_key: "${key.fingerprint}" below the connection ${connection.name}`,
  });
}

function place({ name, address }: SftpConnection): string {
  return `connection ${name}: ${address.host}:${address.port}`;
}

function shown({ type, fingerprint }: HostKey): string {
  return `${type} ${fingerprint}`;
}
