// What the account behind a database is alike: it counts no calls, allows as many as are wanted, and is named by its connection.

import type { Account } from "../../contract/account.ts";
import type { ConnectionContext } from "../../contract/connection.ts";
import type { Failure } from "../../core/errors.ts";
import { CallFault } from "../../http/outcome.ts";
import { withRetries } from "../../http/retry.ts";
import type { Connection } from "../../job/job.ts";

export abstract class DatabaseAccount<Database extends Connection> implements Account {
  readonly name: string;
  readonly warnings: string[] = [];
  readonly allowance = undefined;
  readonly apiCalls = 0;
  readonly waitedMs = 0;
  protected readonly connection: Database;
  protected readonly context: ConnectionContext;

  constructor(connection: Database, context: ConnectionContext) {
    this.name = connection.name;
    this.connection = connection;
    this.context = context;
  }

  abstract get orgId(): string;

  readAllowance(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** As a person can act on it. */
  protected abstract explainFault(fault: CallFault, doing: string): Failure;

  async explain<T>(doing: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw error instanceof CallFault ? this.explainFault(error, doing) : error;
    }
  }

  /** Again where what ended it passes. */
  protected again<T>(transactOnce: () => Promise<T>): Promise<T> {
    const { signal, onRetry } = this.context;
    return withRetries(transactOnce, {
      idempotent: true,
      signal,
      onRetry: ({ message }, attempt, delayMs) =>
        onRetry(`${this.name}: ${message}; attempt ${attempt + 1} in ${Math.round(delayMs)} ms`),
    });
  }

  abstract close(): void;
}
