// What the account behind a database is alike: it counts no calls, allows as many as are wanted, and is named by its connection.

import type { Account } from "../../contract/account.ts";
import type { ConnectionContext } from "../../contract/connection.ts";
import type { Failure } from "../../core/errors.ts";
import type { CallFault } from "../../http/outcome.ts";
import type { Connection } from "../../job/job.ts";
import { explainCall, transactAgain } from "./calls.ts";

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

  explain<T>(doing: string, act: () => Promise<T>): Promise<T> {
    return explainCall(act, (fault) => this.explainFault(fault, doing));
  }

  /** Again where what ended it passes. */
  protected again<T>(transactOnce: () => Promise<T>): Promise<T> {
    return transactAgain(this.name, this.context, transactOnce);
  }

  abstract close(): void;
}
