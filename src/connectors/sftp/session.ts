// One signed-in SFTP connection. In: operations. Out: their answers. What must hold: every operation ends, by an answer,
// the end of the connection, or the deadline; the server is verified before a credential is sent; a fault of the
// connection is a CallFault, the server's own refusal is not.

import { createSecretKey } from "node:crypto";
import type { SFTPWrapper } from "ssh2";
import SftpClient from "ssh2-sftp-client";
import { monotonicMs } from "../../core/clock.ts";
import { CallFault } from "../../http/outcome.ts";
import type { Environment } from "../../job/job.ts";
import type { SftpConnection } from "./connection.ts";
import { type ConnectionError, configOf, connectFault, type Line, openLine, prepareHandshake } from "./handshake.ts";
import { type HostKey, readHostKey, trustOf } from "./host-key.ts";
import type { Limits } from "./limits.ts";
import { observeOffer } from "./offer.ts";
import { StatusError, sftpStatus } from "./status.ts";

/** Without any answer to anything that was asked. */
export const usualSilenceMsMax = 60_000;

export interface SessionOptions {
  connection: SftpConnection;
  environment: Environment;
  silenceMsMax: number;
  limits: Limits;
}

/** What every server reads and writes in one piece (draft-ietf-secsh-filexfer-02, 3). */
const usualPieceBytes = 32 * 1024;
const pieceBytesMax = 255 * 1024;

/** What the library has learned of the server (its kind, or its extension limits@openssh.com), which its types lack. */
interface Learned {
  _maxReadLen?: unknown;
  _maxWriteLen?: unknown;
}

interface Parts {
  line: Line;
  silenceMsMax: number;
  warnings: readonly string[];
  limits: Limits;
}

type Ended = (error: Error | undefined | null, value?: unknown) => void;

export class Session {
  readonly #client: SftpClient;
  readonly #line: Line;
  readonly #wrapper: SFTPWrapper;
  readonly #silenceMsMax: number;
  /** What a person should know of the server. */
  readonly warnings: readonly string[];
  /** What one read, one write can be asked for: more is divided by the library, and each part waits for the one before. */
  readonly readBytesMax: number;
  readonly writeBytesMax: number;
  readonly limits: Limits;
  readonly #waiting = new Set<(fault: CallFault) => void>();
  #answers = 0;
  #heardMs = monotonicMs();
  #watch: NodeJS.Timeout | undefined;
  #fault: CallFault | undefined;

  private constructor(client: SftpClient, wrapper: SFTPWrapper, { line, silenceMsMax, warnings, limits }: Parts) {
    const { _maxReadLen, _maxWriteLen } = wrapper as Learned;
    this.readBytesMax = pieceOf(_maxReadLen);
    this.writeBytesMax = pieceOf(_maxWriteLen);
    this.warnings = warnings;
    this.limits = limits;
    this.#client = client;
    this.#line = line;
    this.#wrapper = wrapper;
    this.#silenceMsMax = silenceMsMax;
  }

  /** Throws a Failure for a server that is not trusted or does not let us in, and a CallFault where none answers. */
  static async open({ connection, environment, silenceMsMax, limits }: SessionOptions): Promise<Session> {
    const handshake = prepareHandshake(connection, environment);
    const line = await openLine(connection, environment);
    const client = quietClient(connection.name);
    const heard = firstError(client);
    const connecting = client.connect(handshake.configFor(line.sock));
    const offer = observeOffer(line.sock);
    try {
      const wrapper = await connecting;
      giveKeyObjects(client);
      const session = new Session(client, wrapper, { line, silenceMsMax, warnings: handshake.warnings, limits });
      session.#listen();
      return session;
    } catch (thrown) {
      endClient(client, line);
      throw handshake.explain(heard() ?? (thrown as ConnectionError), offer());
    }
  }

  /** Whether a new one is needed. */
  get isOver(): boolean {
    return this.#fault !== undefined;
  }

  /** Asks the server for something. `what` says it for messages: "list /in". */
  async call<T>(what: string, ask: (wrapper: SFTPWrapper, ended: Ended) => void): Promise<T> {
    const { requests } = this.limits;
    await requests.take();
    try {
      return await this.#ask<T>(what, ask);
    } finally {
      requests.give();
    }
  }

  close(): void {
    this.#end("closed");
  }

  #ask<T>(what: string, ask: (wrapper: SFTPWrapper, ended: Ended) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#fault !== undefined) return reject(this.#fault);
      if (this.#waiting.size === 0) this.#heardMs = monotonicMs();
      const fail = (fault: CallFault) => reject(fault);
      this.#waiting.add(fail);
      try {
        ask(this.#wrapper, (error, value) => {
          this.#heardMs = monotonicMs();
          this.#answers += 1;
          this.#waiting.delete(fail);
          if (!error) resolve(value as T);
          else reject(this.#explain(what, error));
        });
      } catch (error) {
        // The library refuses to ask: the channel is closed, or the server lacks the extension.
        this.#waiting.delete(fail);
        reject(error instanceof Error ? new StatusError(sftpStatus.unsupported, error.message) : error);
      }
    });
  }

  #listen(): void {
    for (const event of ["error", "end", "close"]) {
      this.#client.on(event, (error?: Error) => {
        if (this.#fault === undefined) this.limits.learn({ answers: this.#answers, underWay: this.#waiting.size });
        this.#end(error?.message ?? "the connection was closed");
      });
    }
    this.#watch = setInterval(
      () => {
        if (this.#waiting.size === 0 || monotonicMs() - this.#heardMs < this.#silenceMsMax) return;
        this.#end(`no answer for ${Math.round(this.#silenceMsMax / 1000)} s`);
      },
      Math.min(1000, this.#silenceMsMax / 4),
    );
    this.#watch.unref();
  }

  #explain(what: string, error: Error): Error {
    const status = (error as { code?: unknown }).code;
    if (typeof status === "number") return new StatusError(status, error.message);
    return this.#fault ?? new CallFault(`${what}: ${error.message}`, { outcome: "unknown", transient: true });
  }

  #end(why: string): void {
    if (this.#fault !== undefined) return;
    this.#fault = new CallFault(why, { outcome: "unknown", transient: true });
    clearInterval(this.#watch);
    for (const fail of this.#waiting) fail(this.#fault);
    this.#waiting.clear();
    endClient(this.#client, this.#line);
  }
}

/** The key that a server shows. The connection ends before a user is named. */
export async function fetchHostKey(connection: SftpConnection, environment: Environment): Promise<HostKey> {
  let seen: HostKey | undefined;
  const line = await openLine(connection, environment);
  const client = quietClient(connection.name);
  const heard = firstError(client);
  const connecting = client.connect({
    ...configOf(connection, trustOf(connection), line.sock),
    hostVerifier: (blob: Buffer) => {
      seen = readHostKey(blob);
      return false;
    },
  });
  const offer = observeOffer(line.sock);
  try {
    await connecting;
  } catch (thrown) {
    if (seen !== undefined) return seen;
    throw connectFault(connection, heard() ?? (thrown as ConnectionError), offer());
  } finally {
    endClient(client, line);
  }
  throw new Error("a host key that was refused was taken");
}

/** Larger pieces than OpenSSH's 255 KiB gain nothing more, and would be waited for as one. */
function pieceOf(learned: unknown): number {
  return typeof learned === "number" && learned > 0 ? Math.min(learned, pieceBytesMax) : usualPieceBytes;
}

/** The library prints what nobody listens for. */
function quietClient(name: string): SftpClient {
  const ignore = () => undefined;
  const client = new SftpClient(name, { error: ignore, end: ignore, close: ignore });
  return client;
}

/** The library tells errors again in words of its own, without what kind they are of. */
function firstError(client: SftpClient): () => ConnectionError | undefined {
  let first: ConnectionError | undefined;
  client.on("error", (error: ConnectionError) => {
    first ??= error;
  });
  return () => first;
}

/** Where the libraries keep the keys of a cipher of one packet at a time, such as AES-GCM. */
interface Ciphers {
  client?: { _protocol?: { _cipher?: { _encKey?: unknown }; _decipher?: { _decipherKey?: unknown } } };
}

/**
 * Node 24 finds out what a key is by an error that it throws and catches, unless it is a KeyObject: once for each packet
 * of 32 KiB, a fifth of the time of an upload (measured). Where the libraries keep it elsewhere, nothing is changed.
 */
function giveKeyObjects(client: SftpClient): void {
  const { _cipher: cipher, _decipher: decipher } = (client as Ciphers).client?._protocol ?? {};
  if (Buffer.isBuffer(cipher?._encKey)) cipher._encKey = createSecretKey(cipher._encKey);
  if (Buffer.isBuffer(decipher?._decipherKey)) decipher._decipherKey = createSecretKey(decipher._decipherKey);
}

function endClient(client: SftpClient, line: Line): void {
  client
    .end()
    .catch(() => undefined)
    .finally(line.close);
}
