// The way to a server that is verified and has let us in, over another server where the job's owner says so. In: a
// connection. Out: what ssh2 is to connect with. What must hold: no server on the way gets a credential, or carries
// anything on, before it is verified; what ends the handshake is told as what it is.

import type { Readable } from "node:stream";
import ssh2, { type Client, type ConnectConfig } from "ssh2";
import type { Failure } from "../../core/errors.ts";
import { CallFault } from "../../http/outcome.ts";
import { connectSocket } from "../../http/socket.ts";
import type { Environment, SftpAddress, SftpConnection } from "../../job/job.ts";
import { readHostKey, type Trust, trustOf } from "./host-key.ts";
import { prepareSignIn } from "./sign-in.ts";

/** Until the server has let us in. */
const connectMsMax = 30_000;
const keepAliveMs = 15_000;
const keepAliveMissesMax = 3;

/** Those of Node's own crypto; ssh2's chacha20 is much slower without its native part. */
const ciphers = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr"] as const;
const macs = [
  "hmac-sha2-256-etm@openssh.com",
  "hmac-sha2-512-etm@openssh.com",
  "hmac-sha2-256",
  "hmac-sha2-512",
] as const;

export type ConnectionError = Error & { level?: string; code?: unknown };

export interface Handshake {
  configFor(sock: Readable): ConnectConfig;
  /** What a person should know of the server. */
  warnings: readonly string[];
  /** What ended it: a Failure for a server that is not trusted or does not let us in, else a CallFault. */
  explain(error: ConnectionError): Error;
}

export function prepareHandshake(connection: SftpConnection, environment: Environment): Handshake {
  const trust = trustOf(connection);
  const signIn = prepareSignIn(connection, environment);
  let refused: Failure | undefined;
  let isVerified = false;
  return {
    configFor: (sock) => ({
      ...configOf(connection, trust, sock),
      authHandler: signIn.attempt,
      hostVerifier: (blob: Buffer) => {
        refused = trust.refuse(readHostKey(blob));
        isVerified = refused === undefined;
        return isVerified;
      },
    }),
    warnings: trust.warnings,
    explain(error) {
      if (refused !== undefined) return refused;
      const isRefusal =
        error.level === "client-authentication" || (isVerified && /authentication/i.test(error.message));
      return isRefusal ? signIn.refusal() : connectFault(connection, error);
    },
  };
}

/** Everything but whom to trust and how to sign in. */
export function configOf({ address }: SftpConnection, trust: Trust, sock: Readable): ConnectConfig {
  return {
    sock,
    username: address.user,
    readyTimeout: connectMsMax,
    keepaliveInterval: keepAliveMs,
    keepaliveCountMax: keepAliveMissesMax,
    algorithms: { cipher: [...ciphers], hmac: [...macs], serverHostKey: trust.order, compress: ["none"] },
  };
}

export function connectFault({ address }: SftpConnection, error: ConnectionError): Error {
  const what = `${address.host}:${address.port}`;
  // Both sides have no cipher, key or the like in common: the next attempt ends the same way.
  const isFinal = /no matching|handshake failed/i.test(error.message);
  return new CallFault(`${what}: ${error.message}`, { outcome: "refused", transient: !isFinal, cause: error });
}

/** A line to a server on which nothing was said yet. */
export interface Line {
  sock: Readable;
  /** Ends the servers on the way too. */
  close(): void;
}

export async function openLine({ address, jump }: SftpConnection, environment: Environment): Promise<Line> {
  if (jump === undefined) {
    const sock = connectSocket(address.host, address.port);
    return { sock, close: () => sock.destroy() };
  }
  const handshake = prepareHandshake(jump, environment);
  const before = await openLine(jump, environment);
  const client = new ssh2.Client();
  const close = () => {
    client.end();
    before.close();
  };
  try {
    return { sock: await forward(client, { jump, address, handshake, sock: before.sock }), close };
  } catch (error) {
    close();
    throw error;
  }
}

interface Forward {
  /** The server in between, and how it lets us in. */
  jump: SftpConnection;
  handshake: Handshake;
  sock: Readable;
  /** Where it is to carry on to. */
  address: SftpAddress;
}

function forward(client: Client, { jump, handshake, sock, address }: Forward): Promise<Readable> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    client.on("error", (error: ConnectionError) => reject(handshake.explain(error)));
    client.on("close", () => reject(connectFault(jump, new Error("the connection was closed"))));
    client.on("ready", () => {
      client.forwardOut("127.0.0.1", 0, host, port, (error, stream) => {
        if (error === undefined) resolve(stream);
        else reject(connectFault(jump, new Error(`it can't reach ${host}:${port}: ${error.message}`)));
      });
    });
    client.connect(handshake.configFor(sock));
  });
}
