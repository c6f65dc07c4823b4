// A connection that comes back: operations run on a session, and on a new one where it broke off. In: operations that
// may be made twice, or must not. Out: their results, or a Failure that a person can act on.

import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { CallFault } from "../../http/outcome.ts";
import { unavailable, withRetries } from "../../http/retry.ts";
import { Session, type SessionOptions, StatusError, sftpStatus } from "./session.ts";

export interface LinkOptions extends SessionOptions {
  /** Told before each wait. */
  onRetry(text: string): void;
  signal: AbortSignal;
}

export class Link {
  readonly #options: LinkOptions;
  #session: Promise<Session> | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
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
    if (this.#session === known) this.#session = Session.open(this.#options);
    return this.#session as Promise<Session>;
  }
}

/** What the server would not do, as a failure that a person can act on. */
export function refusalOf(connection: string, doing: string, { status, message }: StatusError): Failure {
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
