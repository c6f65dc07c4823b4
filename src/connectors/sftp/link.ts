// A connection that comes back: operations run on a session, and on a new one where it broke off. In: operations that
// may be made twice, or must not. Out: their results, or a Failure that a person can act on.

import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { CallFault } from "../../http/outcome.ts";
import { unavailable, withRetries } from "../../http/retry.ts";
import { Limits } from "./limits.ts";
import { Session, type SessionOptions } from "./session.ts";
import { StatusError, sftpStatus } from "./status.ts";

export interface LinkOptions extends Omit<SessionOptions, "limits"> {
  /** Told before each wait, and of a server that does not do as others. */
  onRetry(text: string): void;
  signal: AbortSignal;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #limits: Limits;
  readonly #told = new Set<string>();
  #session: Promise<Session> | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#limits = new Limits((text) => options.onRetry(`${options.connection.name}: ${text}`));
    // What is waited for ends with the run.
    options.signal.addEventListener("abort", () => this.close(), { once: true });
  }

  /** Runs `act` until it ends, on as many sessions as that takes. It may be made several times. */
  async repeat<T>(doing: string, act: (session: Session) => Promise<T>): Promise<T> {
    const { connection, signal, onRetry } = this.#options;
    try {
      return await withRetries(async () => act(await this.#connect()), {
        idempotent: true,
        signal,
        onRetry: (fault) => onRetry(`${connection.name}: ${fault.message}; connecting again`),
      });
    } catch (error) {
      if (error instanceof CallFault) throw unavailable(error, connection.name);
      if (error instanceof StatusError) throw refusalOf(connection.name, doing, error);
      throw error;
    }
  }

  /** Once of each kind: what is wrong with one file is so with thousands. */
  tellOnce(kind: string, text: string, tell: (text: string) => void): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    tell(`${this.#options.connection.name}: ${text}`);
  }

  close(): void {
    this.#session?.then(
      (session) => session.close(),
      () => undefined,
    );
  }

  /** The session that is open; one that is being opened serves all who ask meanwhile. */
  async #connect(): Promise<Session> {
    this.#options.signal.throwIfAborted();
    const known = this.#session;
    const open = await known?.catch(() => undefined);
    if (open !== undefined && !open.isOver) return open;
    if (this.#session === known) this.#session = Session.open({ ...this.#options, limits: this.#limits });
    return this.#session as Promise<Session>;
  }
}

/** What the server would not do, as a failure that a person can act on. */
function refusalOf(connection: string, doing: string, { status, message }: StatusError): Failure {
  if (status === sftpStatus.permissionDenied) {
    return new Failure(exitCode.signIn, `connection ${connection}: the user may not ${doing}`, {
      why: `the server says: ${message}`,
      next: "ask the owner of the server for the permission, or correct the path",
    });
  }
  return new Failure(exitCode.failed, `connection ${connection}: the server would not ${doing}`, {
    why: `it says: ${message} (status ${status})`,
    next: "check the path, and whether there is room on the server",
  });
}
