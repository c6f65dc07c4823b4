// Sessions of a database server. In: how one is opened, begun and ended. Out: transactions. Must hold: a session is in no
// transaction when it is used again; one that failed in any way is not; what runs is cancelled on the server when the run is
// stopped.

import type { Connection } from "../../job/job.ts";
import { DatabaseAccount } from "./account.ts";
import type { SqlClient, SqlSession, TransactionKind } from "./dialect.ts";

export abstract class ServerClient<Database extends Connection, Link, Session extends SqlSession>
  extends DatabaseAccount<Database>
  implements SqlClient<Session>
{
  readonly #idle: Link[] = [];

  /** Throws a CallFault. `forget`: one that breaks while it is idle is not used again. */
  protected abstract open(forget: (link: Link) => void): Promise<Link>;
  protected abstract begin(link: Link, kind: TransactionKind): Promise<Session>;
  protected abstract commit(link: Link): Promise<void>;
  /** Whatever it is doing: what it did is undone. */
  protected abstract end(link: Link): void;
  /** What it is doing; it is ended then. */
  protected abstract cancel(link: Link): void;
  /** What an error means; itself where it is none of the server's or of the way to it. */
  protected abstract faultOf(error: unknown, kind: TransactionKind): unknown;

  transact<T>(kind: TransactionKind, act: (session: Session) => Promise<T>): Promise<T> {
    return this.again(() => this.#transactOnce(kind, act));
  }

  async #transactOnce<T>(kind: TransactionKind, act: (session: Session) => Promise<T>): Promise<T> {
    const { signal } = this.context;
    signal.throwIfAborted();
    const link = this.#idle.pop() ?? (await this.open((broken) => this.#forget(broken)));
    const cancel = () => this.cancel(link);
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const done = await act(await this.begin(link, kind));
      await this.commit(link);
      this.#idle.push(link);
      return done;
    } catch (error) {
      this.end(link);
      signal.throwIfAborted();
      throw this.faultOf(error, kind);
    } finally {
      signal.removeEventListener("abort", cancel);
    }
  }

  #forget(link: Link): void {
    const at = this.#idle.indexOf(link);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  close(): void {
    for (const link of this.#idle.splice(0)) this.end(link);
  }
}
