// Calls to the memory CRM. In: a path, and whether a second call does harm. Out: JSON, or a CallFault.

import { type ApiCall, ApiClient, type ApiSession } from "../../../src/connectors/kit/api-client.ts";
import type { Allowance } from "../../../src/contract/account.ts";
import type { ConnectionContext } from "../../../src/contract/connection.ts";
import { Failure, usageFailure } from "../../../src/core/errors.ts";
import { exitCode } from "../../../src/core/exit-code.ts";
import { suggest } from "../../../src/core/suggest.ts";
import type { CallFault } from "../../../src/http/outcome.ts";
import { unavailable } from "../../../src/http/retry.ts";
import type { MemoryConnection } from "./connection.ts";
import type { MemoryField, MemoryRecord } from "./server.ts";

interface MemoryAccount {
  org: string;
  time: string;
  calls: Allowance;
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

  constructor(connection: MemoryConnection, context: ConnectionContext) {
    super(connection, context, isOwnError);
  }

  get orgId(): string {
    return this.#org;
  }

  /** Throws a Failure: 8 where the token is refused, 75 where nobody answers. */
  async connect(): Promise<void> {
    const account = await this.explain("the sign-in", () => this.get<MemoryAccount>("/account"));
    this.#org = account.org;
    this.#calls = account.calls;
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
    return new Date((await this.get<MemoryAccount>("/account")).time);
  }

  /** Throws a Failure (2) that names what was meant, where there is no such object. */
  async fields(object: string): Promise<MemoryField[]> {
    const known = await this.get<string[]>("/objects");
    if (known.includes(object)) return this.get(`/objects/${object}`);
    const meant = suggest(object, known);
    throw usageFailure(`the CRM has no object ${object}`, {
      next: meant === undefined ? `objects there: ${known.join(", ")}` : `did you mean ${meant}?`,
    });
  }

  async *pages(object: string, asked: Record<string, string>, signal: AbortSignal): AsyncGenerator<MemoryRecord[]> {
    let after: string | null = "";
    while (after !== null) {
      const query: string = new URLSearchParams({ ...asked, after }).toString();
      const page: MemoryPage = await this.get(`/records/${object}?${query}`, signal);
      yield page.records;
      after = page.next;
    }
  }

  get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    return this.#call({ method: "GET", path, idempotent: true, doing: `GET ${path}`, ...(signal && { signal }) });
  }

  /** What is asked for, or written under a mark, does no harm a second time: every call here may be made again. */
  post<Answer>(path: string, json: object, signal?: AbortSignal): Promise<Answer> {
    const doing = `POST ${path}`;
    return this.#call({ method: "POST", path, json, idempotent: true, doing, ...(signal && { signal }) });
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

  async #call<Answer>(call: ApiCall): Promise<Answer> {
    return (await this.callJson(call)) as Answer;
  }
}
