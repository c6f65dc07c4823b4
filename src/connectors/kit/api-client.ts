// A signed-in connection to a system over HTTP. In: how one signs in, and what the system's answers say. Out: calls, each of
// which ends as an answer or a CallFault (http/outcome.ts). Must hold: a session that is over is renewed once for a call,
// without loss, in the middle of anything; every call has our retries; a session is sent to its own origin only, whatever
// an answer names as the address of the next page.

import type { Account, Allowance } from "../../contract/account.ts";
import type { ConnectionContext } from "../../contract/connection.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { HttpClient, type HttpRequest, type HttpResponse, readJson, strangeAnswer } from "../../http/client.ts";
import { CallFault } from "../../http/outcome.ts";
import { ServerClock } from "../../http/server-clock.ts";
import { type AnswerForm, hasForm } from "./answer-form.ts";
import { callRepeatedly, type RepeatableCall } from "./calls.ts";
import type { HttpConnection } from "./connection.ts";
import { urlAt } from "./fence.ts";
import { SignIns } from "./sign-ins.ts";

export interface ApiCall extends RepeatableCall {
  method: HttpRequest["method"];
  /** From the root of the session's origin; or a whole URL that an answer gave, which must be of this origin. */
  path: string;
  headers?: Record<string, string>;
  /** Sent in place of `body`. */
  json?: object;
  body?: HttpRequest["body"];
  /** In place of `body`: one that holds the session. */
  bodyFor?(token: string): string;
  keepGzip?: boolean;
  /** What the system's own answer has. */
  form?: AnswerForm;
  /** For messages: "reading job 750…". */
  doing: string;
}

export type CallPurpose = Pick<ApiCall, "doing" | "signal" | "form">;

export interface ApiSession {
  /** Where it may be sent. */
  origin: string;
  token: string;
}

export abstract class ApiClient<Own extends HttpConnection, Session extends ApiSession = ApiSession>
  implements Account
{
  readonly name: string;
  readonly warnings: string[] = [];
  protected readonly connection: Own;
  protected readonly context: ConnectionContext;
  protected readonly http: HttpClient;
  protected readonly signIns: SignIns<Session>;
  readonly #clock = new ServerClock();
  #allowance: Allowance | undefined;

  /** `isOwnError`: whether the body of an answer outside 2xx is of the system that is called, not of a gateway. */
  constructor(connection: Own, context: ConnectionContext, isOwnError: (body: string) => boolean) {
    this.name = connection.name;
    this.connection = connection;
    this.context = context;
    const { environment } = context;
    this.http = new HttpClient(isOwnError, { environment, caFile: connection.caFile });
    this.signIns = new SignIns(
      () => this.signIn(),
      (session) => this.isEnding(session),
    );
  }

  abstract get orgId(): string;

  get apiCalls(): number {
    return this.http.calls;
  }

  get waitedMs(): number {
    return this.http.waitedMs;
  }

  get allowance(): Allowance | undefined {
    return this.#allowance;
  }

  readAllowance(): Promise<Allowance | undefined> {
    return Promise.resolve(this.#allowance);
  }

  /** The system's own clock, to the second. */
  async readClock(): Promise<Date> {
    const time = this.#clock.read();
    if (time === undefined) throw new Failure(exitCode.failed, `${this.name} tells no time: its answers have no Date`);
    return time;
  }

  /** Runs `act`; a fault that ended it becomes a failure that says what to do. */
  async explain<T>(doing: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw error instanceof CallFault ? this.explainFault(error, doing) : error;
    }
  }

  /** Makes a call and takes its answer by `take`, which throws a CallFault on a strange one. Throws CallFault. */
  read<T>(call: ApiCall, take: (response: HttpResponse) => Promise<T>): Promise<T> {
    return this.retrying(call, async () => take(await this.send(call)));
  }

  /** Makes a call and reads its JSON. Throws CallFault. */
  callJson<Answer = Record<string, unknown>>(call: ApiCall): Promise<Answer> {
    return this.read(call, (response) => this.readAnswer(response, call) as Promise<Answer>);
  }

  /** The JSON of an answer. Throws CallFault (unknown) where it is not of the form that the call gives. */
  protected async readAnswer(response: HttpResponse, { doing, form = {} }: ApiCall): Promise<Record<string, unknown>> {
    const answer = await readJson(response, doing);
    if (hasForm(answer, form)) return answer;
    throw strangeAnswer(response, JSON.stringify(answer), doing);
  }

  /** What is at a path. Throws CallFault. */
  get<Answer = Record<string, unknown>>(path: string, purpose: CallPurpose): Promise<Answer> {
    return this.callJson({ method: "GET", path, idempotent: true, ...purpose });
  }

  /** What is asked for by POST, or made so that a second call does no harm. Throws CallFault. */
  post<Answer = Record<string, unknown>>(path: string, json: object, purpose: CallPurpose): Promise<Answer> {
    return this.callJson({ method: "POST", path, json, idempotent: true, ...purpose });
  }

  close(): void {
    this.http.close();
  }

  /** Throws a Failure: 8 where it is refused, 75 where nobody answers. */
  protected abstract signIn(): Promise<Session>;

  /** Known to end before a call could be answered. */
  protected isEnding(_session: Session): boolean {
    return false;
  }

  /** Whether a fault says that the session is over, so that the call is made again under another. */
  protected abstract isOver(fault: CallFault): boolean;

  /** In place of a session that is over. Throws a Failure where there is none to be had. */
  protected renew(ended: Session): Promise<Session> {
    return this.signIns.renew(ended);
  }

  protected abstract explainFault(fault: CallFault, doing: string): unknown;

  /** What an answer tells of the account's calls. */
  protected noteAnswer(_headers: HttpResponse["headers"]): Allowance | undefined {
    return undefined;
  }

  protected pathOf({ path }: ApiCall): string {
    return path;
  }

  protected retrying<T>(call: RepeatableCall, act: () => Promise<T>): Promise<T> {
    return callRepeatedly(this.context, call, act);
  }

  /** One try of a call, two where the session was over. */
  protected async send(call: ApiCall): Promise<HttpResponse> {
    const session = await this.signIns.get();
    try {
      return await this.exchange(call, session);
    } catch (error) {
      if (!(error instanceof CallFault) || !this.isOver(error)) throw error;
      return this.exchange(call, await this.renew(session));
    }
  }

  /** One request under a session. */
  protected async exchange(call: ApiCall, session: Session): Promise<HttpResponse> {
    const response = await this.http.send(this.#requestFor(call, session));
    this.#clock.note(response);
    this.#allowance = this.noteAnswer(response.headers) ?? this.#allowance;
    return response;
  }

  #requestFor(call: ApiCall, { origin, token }: Session): HttpRequest {
    const body = call.bodyFor?.(token) ?? (call.json === undefined ? call.body : JSON.stringify(call.json));
    return {
      method: call.method,
      url: urlAt(origin, this.pathOf(call), this.connection),
      headers: {
        authorization: `Bearer ${token}`,
        ...(call.json === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
        ...call.headers,
      },
      ...(body === undefined ? {} : { body }),
      ...(call.keepGzip === true ? { keepGzip: true } : {}),
      signal: call.signal ?? this.context.signal,
    };
  }
}
