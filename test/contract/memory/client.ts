// Calls to the memory CRM. In: a path, and whether a second call does harm. Out: JSON, or a CallFault.

import { join } from "node:path";
import { type ApiCall, ApiClient, type ApiSession } from "../../../src/connectors/kit/api-client.ts";
import { followPages } from "../../../src/connectors/kit/pages.ts";
import type { Allowance } from "../../../src/contract/account.ts";
import type { ConnectionContext } from "../../../src/contract/connection.ts";
import { Failure, usageFailure } from "../../../src/core/errors.ts";
import { exitCode } from "../../../src/core/exit-code.ts";
import { makePrivateFolder } from "../../../src/core/files.ts";
import { suggest } from "../../../src/core/suggest.ts";
import type { HttpResponse } from "../../../src/http/client.ts";
import type { CallFault } from "../../../src/http/outcome.ts";
import { Pace } from "../../../src/http/pace.ts";
import { unavailable } from "../../../src/http/retry.ts";
import type { MemoryConnection } from "./connection.ts";
import { type MemoryField, type MemoryRecord, momentMs } from "./server.ts";

/** Of what the CRM allows: what is sent evenly arrives less so. */
const paceShare = 0.75;

interface MemoryAccount {
  org: string;
  time: string;
  calls: Allowance;
  /** Calls in any `momentMs`. */
  moment: number;
}

interface MemoryPage {
  records: MemoryRecord[];
  next: string | null;
}

/** Whether an answer outside 2xx is the CRM's own, and not that of a gateway before it. */
function isOwnError(body: string): boolean {
  return body.startsWith('{"error":');
}

export class MemoryClient extends ApiClient<MemoryConnection> {
  #org = "";
  #calls: Allowance | undefined;
  #pace: Pace | undefined;

  constructor(connection: MemoryConnection, context: ConnectionContext) {
    super(connection, context, isOwnError);
  }

  get orgId(): string {
    return this.#org;
  }

  /** Throws a Failure: 8 where the token is refused, 75 where nobody answers. `share`: of the calls that the CRM allows. */
  async connect(share = paceShare): Promise<void> {
    const doing = "the sign-in";
    const account = await this.explain(doing, () => this.get<MemoryAccount>("/account", { doing }));
    this.#org = account.org;
    this.#calls = account.calls;
    const limit = { calls: Math.floor(account.moment * share), windowMs: momentMs };
    const { stateFolder } = this.context;
    if (stateFolder !== undefined) makePrivateFolder(stateFolder);
    const file = stateFolder === undefined ? ":memory:" : join(stateFolder, "pace.db");
    this.#pace = Pace.open(file, account.org, limit, (message) => void this.warnings.push(message));
  }

  override close(): void {
    this.#pace?.[Symbol.dispose]();
    super.close();
  }

  /** All runs on one account share its pace. */
  protected override async exchange(call: ApiCall, session: ApiSession): Promise<HttpResponse> {
    await this.#pace?.take(call.signal ?? this.context.signal);
    return super.exchange(call, session);
  }

  /** Told once, at the sign-in: from then on it is counted here. */
  override get allowance(): Allowance | undefined {
    return this.#calls && { ...this.#calls, used: this.#calls.used + this.apiCalls - 1 };
  }

  override readAllowance(): Promise<Allowance | undefined> {
    return Promise.resolve(this.allowance);
  }

  /** The CRM's time is not that of the machine. */
  override async readClock(): Promise<Date> {
    return new Date((await this.get<MemoryAccount>("/account", { doing: "reading the clock" })).time);
  }

  /** Throws a Failure (2) that names what was meant, where there is no such object. */
  async fields(object: string): Promise<MemoryField[]> {
    const doing = `describing ${object}`;
    const known = await this.get<string[]>("/objects", { doing });
    if (known.includes(object)) return this.get(`/objects/${object}`, { doing });
    const meant = suggest(object, known);
    throw usageFailure(`the CRM has no object ${object}`, {
      next: meant === undefined ? `objects there: ${known.join(", ")}` : `did you mean ${meant}?`,
    });
  }

  pages(
    object: string,
    asked: Record<string, string>,
    signal: AbortSignal,
    from?: string,
  ): AsyncGenerator<{ records: MemoryRecord[]; next: string | undefined }> {
    const doing = `reading ${object}`;
    const read = async (after = "") => {
      const query = new URLSearchParams({ ...asked, after }).toString();
      const { records, next } = await this.get<MemoryPage>(`/records/${object}?${query}`, { doing, signal });
      return { records, next: next ?? undefined };
    };
    return followPages(this, doing, read, from);
  }

  protected override signIn(): Promise<ApiSession> {
    const { url: origin, token } = this.connection;
    return Promise.resolve({ origin, token: token.resolve(this.context.environment).reveal() });
  }

  /** A token is good or it is not: there is no other to be had. */
  protected override isOver(): boolean {
    return false;
  }

  protected override explainFault(fault: CallFault, doing: string): Failure {
    if (fault.transient) return unavailable(fault, this.name);
    if (fault.body.includes('"DAY_LIMIT"'))
      return new Failure(exitCode.tryLater, `${this.name}: the calls of the day are used up`, {
        why: fault.message,
        next: "loadline resume, after midnight UTC",
      });
    const isSignIn = fault.status === 401;
    return new Failure(isSignIn ? exitCode.signIn : exitCode.failed, `${this.name}: ${doing} is refused`, {
      where: this.connection.place,
      why: fault.message,
      next: isSignIn ? "check the token that connections.yaml refers to" : "look at what it says, then loadline resume",
    });
  }
}
