// The way to a server that is verified and has let us in, over another server where the job's owner says so. In: a
// connection. Out: what ssh2 is to connect with. What must hold: no server on the way gets a credential, or carries
// anything on, before it is verified; what ends the handshake is told as what it is.

import type { Readable } from "node:stream";
import ssh2, { type Client, type ConnectConfig } from "ssh2";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { CallFault } from "../../http/outcome.ts";
import { connectSocket } from "../../http/socket.ts";
import type { Environment } from "../../job/job.ts";
import type { SftpConnection } from "./connection.ts";
import { hostKeyKinds, readHostKey, type Trust, trustOf } from "./host-key.ts";
import { type Offer, observeOffer } from "./offer.ts";
import { prepareSignIn } from "./sign-in.ts";
import type { SftpAddress } from "./url.ts";

/** Until the server has let us in. */
const connectMsMax = 30_000;
const keepAliveMs = 15_000;
const keepAliveMissesMax = 3;

/** Those of ssh2 without SHA-1 (RFC 9142: not to be used any more). */
const keyExchanges = [
  "curve25519-sha256@libssh.org",
  "curve25519-sha256",
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
  "ecdh-sha2-nistp521",
  "diffie-hellman-group-exchange-sha256",
  "diffie-hellman-group14-sha256",
  "diffie-hellman-group15-sha512",
  "diffie-hellman-group16-sha512",
  "diffie-hellman-group17-sha512",
  "diffie-hellman-group18-sha512",
] as const;
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
  /**
   * What ended it: a Failure for a server that is not trusted, does not let us in or offers nothing that we take, else a
   * CallFault.
   */
  explain(error: ConnectionError, offer: Offer | undefined): Error;
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
    explain(error, offer) {
      if (refused !== undefined) return refused;
      const isRefusal =
        error.level === "client-authentication" || (isVerified && /authentication/i.test(error.message));
      return isRefusal ? signIn.refusal() : connectFault(connection, error, offer);
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
    algorithms: {
      kex: [...keyExchanges],
      cipher: [...ciphers],
      hmac: [...macs],
      serverHostKey: trust.order,
      compress: ["none"],
    },
  };
}

/** `offer`: what the server has said that it takes, where it has got so far. */
export function connectFault(
  { name, address, place }: SftpConnection,
  error: ConnectionError,
  offer: Offer | undefined,
): Error {
  const what = `${address.host}:${address.port}`;
  const lacking = offer === undefined ? [] : findLacking(offer);
  if (lacking.length === 0) {
    return new CallFault(`${what}: ${error.message}`, { outcome: "refused", transient: true, cause: error });
  }
  // The next attempt ends the same way.
  return new Failure(
    exitCode.failed,
    `connection ${name}: ${what} and loadline have no ${lacking[0]?.what} in common`,
    {
      where: place,
      why: lacking.map(({ offered, taken }) => `it offers ${list(offered)}; loadline takes ${list(taken)}`).join("; "),
      next: "ask the owner of the server to switch on one of these: what it offers is no longer safe",
    },
  );
}

interface Lacking {
  what: string;
  offered: readonly string[];
  taken: readonly string[];
}

function findLacking(offer: Offer): Lacking[] {
  const sides: Lacking[] = [
    { what: "key exchange", offered: offer.keyExchanges, taken: keyExchanges },
    { what: "kind of host key", offered: offer.hostKeys, taken: hostKeyKinds },
    { what: "cipher", offered: offer.ciphersIn, taken: ciphers },
    { what: "cipher", offered: offer.ciphersOut, taken: ciphers },
    ...(needsMac(offer.ciphersIn) ? [{ what: "MAC", offered: offer.macsIn, taken: macs }] : []),
    ...(needsMac(offer.ciphersOut) ? [{ what: "MAC", offered: offer.macsOut, taken: macs }] : []),
    { what: "compression", offered: offer.compressions, taken: ["none"] },
  ];
  return sides.filter(({ offered, taken }) => !taken.some((name) => offered.includes(name)));
}

/** The cipher that is taken is the first of ours that is offered, and AES-GCM is its own MAC (RFC 5647, 5.1). */
function needsMac(offered: readonly string[]): boolean {
  return ciphers.find((cipher) => offered.includes(cipher))?.endsWith("-gcm@openssh.com") !== true;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}

/** A line to a server on which nothing was said yet. */
export interface Line {
  sock: Readable;
  /** Ends the servers on the way too. */
  close(): void;
}

export async function openLine(connection: SftpConnection, environment: Environment): Promise<Line> {
  const { address, jump, proxy } = connection;
  if (jump === undefined && proxy !== undefined) {
    const { openThroughProxy } = await import("./through-proxy.ts");
    const sock = await openThroughProxy(connection, proxy);
    return { sock, close: () => sock.destroy() };
  }
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
    let offer = (): Offer | undefined => undefined;
    client.on("error", (error: ConnectionError) => reject(handshake.explain(error, offer())));
    client.on("close", () => reject(connectFault(jump, new Error("the connection was closed"), undefined)));
    client.on("ready", () => {
      client.forwardOut("127.0.0.1", 0, host, port, (error, stream) => {
        if (error === undefined) resolve(stream);
        else reject(connectFault(jump, new Error(`it can't reach ${host}:${port}: ${error.message}`), undefined));
      });
    });
    client.connect(handshake.configFor(sock));
    offer = observeOffer(sock);
  });
}
