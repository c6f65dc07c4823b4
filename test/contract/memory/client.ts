// Calls to the memory CRM. In: a path, and whether a second call does harm. Out: JSON, or a CallFault.

import { callRepeatedly } from "../../../src/connectors/kit/calls.ts";
import type { ConnectionContext } from "../../../src/contract/connection.ts";
import { Failure, usageFailure } from "../../../src/core/errors.ts";
import { exitCode } from "../../../src/core/exit-code.ts";
import { suggest } from "../../../src/core/suggest.ts";
import { HttpClient, readJson } from "../../../src/http/client.ts";
import { CallFault } from "../../../src/http/outcome.ts";
import { unavailable } from "../../../src/http/retry.ts";
import type { MemoryConnection } from "./connection.ts";
import type { MemoryField, MemoryRecord } from "./server.ts";

interface MemoryPage {
  records: MemoryRecord[];
  next: string | null;
}

/** Whether an answer outside 2xx is the CRM's own, and not that of a gateway before it. */
function isOwnError(body: string): boolean {
  return body.startsWith('{"error":');
}

export class MemoryClient {
  readonly http = new HttpClient(isOwnError);
  readonly #connection: MemoryConnection;
  readonly #context: ConnectionContext;
  #org = "";

  constructor(connection: MemoryConnection, context: ConnectionContext) {
    this.#connection = connection;
    this.#context = context;
  }

  get org(): string {
    return this.#org;
  }

  /** Throws a Failure: 8 where the token is refused, 75 where nobody answers. */
  async connect(): Promise<void> {
    const account = await this.explain("the sign-in", () => this.get<{ org: string }>("/account"));
    this.#org = account.org;
  }

  async readClock(): Promise<Date> {
    return new Date((await this.get<{ time: string }>("/account")).time);
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
    return this.#call("GET", path, undefined, signal);
  }

  /** What is asked for, or written under a mark, does no harm a second time: every call here may be made again. */
  post<Answer>(path: string, json: object, signal?: AbortSignal): Promise<Answer> {
    return this.#call("POST", path, JSON.stringify(json), signal);
  }

  /** Runs `act`; a fault that ended it becomes a failure that says what to do. */
  async explain<T>(doing: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof CallFault)) throw error;
      if (error.transient) throw unavailable(error, this.#connection.name);
      const isSignIn = error.status === 401;
      throw new Failure(isSignIn ? exitCode.signIn : exitCode.failed, `${this.#connection.name}: ${doing} is refused`, {
        where: this.#connection.place,
        why: error.message,
        next: isSignIn
          ? "check the token that connections.yaml refers to"
          : "look at what it says, then loadline resume",
      });
    }
  }

  #call<Answer>(method: "GET" | "POST", path: string, body: string | undefined, signal?: AbortSignal): Promise<Answer> {
    const { environment, signal: all } = this.#context;
    const headers = {
      authorization: `Bearer ${this.#connection.token.resolve(environment).reveal()}`,
      "content-type": "application/json",
    };
    const url = `${this.#connection.url}${path}`;
    return callRepeatedly(
      this.#context,
      { idempotent: true, ...(signal === undefined ? {} : { signal }) },
      async () => {
        const sent = { method, url, headers, signal: signal ?? all, ...(body === undefined ? {} : { body }) };
        return (await readJson(await this.http.send(sent), `${method} ${path}`)) as Answer;
      },
    );
  }
}
