// A signed-in connection to one HubSpot account. In: calls by their v3 and v4 paths. Out: answers, or failures that say
// what to do. What must hold: every call has our retries and keeps the account's pace, which all runs on it share; a
// token that ends is renewed before it does.

import { join } from "node:path";
import type { Allowance } from "../../contract/account.ts";
import type { ConnectionContext } from "../../contract/connection.ts";
import { now } from "../../core/clock.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { makePrivateFolder } from "../../core/files.ts";
import { type HttpClient, type HttpRequest, type HttpResponse, readJson } from "../../http/client.ts";
import { saveBody } from "../../http/download.ts";
import { CallFault } from "../../http/outcome.ts";
import { Pace } from "../../http/pace.ts";
import { ServerClock } from "../../http/server-clock.ts";
import { callRepeatedly, type RepeatableCall } from "../kit/calls.ts";
import { SignIns } from "../kit/sign-ins.ts";
import type { HubSpotConnection } from "./connection.ts";
import { explainFault, readApiError, readFault } from "./errors.ts";
import { type ApiVersion, apiVersions, newestVersion, pathIn } from "./paths.ts";
import { isEnding, type Session, signIn } from "./sign-in.ts";

export interface CallOptions extends RepeatableCall {
  method: HttpRequest["method"];
  /** As v3 and v4 have it. */
  path: string;
  json?: object;
  body?: HttpRequest["body"];
  headers?: Record<string, string>;
  /** Searches have a limit of their own. */
  search?: boolean;
  /** For messages: "reading contacts". */
  doing: string;
}

export interface Answer {
  status: number;
  /** Undefined where the answer is empty. */
  json: unknown;
}

/** Five a second; what is sent evenly arrives less so. */
const searchLimit = { calls: 5, windowMs: 1100 };
/** Until an answer tells the limit: that of the smallest accounts. */
const burstLimit = { calls: 100, windowMs: 10_000 };

export class HubSpotClient {
  readonly name: string;
  readonly version: ApiVersion;
  readonly warnings: string[] = [];
  readonly #connection: HubSpotConnection;
  readonly #context: ConnectionContext;
  readonly #http: HttpClient;
  #burst: Pace | undefined;
  #search: Pace | undefined;
  readonly #signIns: SignIns<Session>;
  #portal: string | undefined;
  #allowance: Allowance | undefined;
  readonly #clock = new ServerClock();
  #told = "";

  constructor(connection: HubSpotConnection, context: ConnectionContext, http: HttpClient) {
    this.name = connection.name;
    this.version = apiVersions.find((version) => version === connection.apiVersion) ?? newestVersion;
    this.#connection = connection;
    this.#context = context;
    this.#http = http;
    const { environment, signal } = context;
    this.#signIns = new SignIns(() => signIn(http, connection, environment, this.version, signal), isEnding);
  }

  /** As the latest answer told it. */
  get allowance(): Allowance | undefined {
    return this.#allowance;
  }

  /** The account's id. */
  get portalId(): string {
    if (this.#portal === undefined) throw new Error("not connected");
    return this.#portal;
  }

  /** Signs in and learns whose account it is. Throws a Failure (8 refused, 75 unreachable). */
  async connect(): Promise<void> {
    const doing = "the sign-in";
    const { json } = await this.explain(doing, () =>
      this.call({ method: "GET", path: "/account-info/v3/details", idempotent: true, doing }),
    );
    const { portalId } = json as { portalId: number };
    this.#portal = String(portalId);
    const path = this.#pacePath();
    const onLost = (message: string) => void this.warnings.push(message);
    this.#burst = Pace.open(path, `${portalId}:burst`, this.#shareOf(burstLimit.calls, burstLimit.windowMs), onLost);
    this.#search = Pace.open(path, `${portalId}:search`, searchLimit, onLost);
    if (this.#told !== "") this.#adjust(this.#told);
  }

  /** Makes a call and reads its JSON. Throws CallFault. */
  call(options: CallOptions): Promise<Answer> {
    return this.#retrying(options, async () => {
      const response = await this.#send(options);
      const isEmpty = response.status === 204 || response.headers["content-length"] === "0";
      if (isEmpty) response.body.resume();
      return { status: response.status, json: isEmpty ? undefined : await readJson(response, options.doing) };
    });
  }

  /** Fetches what a link leads to into a file. The link says itself who may. Throws CallFault. */
  download(url: string, path: string, doing: string, signal: AbortSignal): Promise<void> {
    return this.#retrying({ idempotent: true, signal }, async () => {
      await saveBody(await this.#http.send({ method: "GET", url, signal }), path, doing);
    });
  }

  /** HubSpot's clock, to the second. */
  async readClock(): Promise<Date> {
    const time = this.#clock.read();
    if (time === undefined) throw new Failure(exitCode.failed, `${this.name} tells no time`);
    return time;
  }

  /** Runs `act`; a fault that ended it becomes a failure that says what to do. */
  async explain<T>(doing: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw explainFault(error, this.name, doing);
    }
  }

  close(): void {
    this.#burst?.[Symbol.dispose]();
    this.#search?.[Symbol.dispose]();
    this.#http.close();
  }

  #pacePath(): string {
    const { stateFolder } = this.#context;
    if (stateFolder === undefined) return ":memory:";
    makePrivateFolder(stateFolder);
    return join(stateFolder, "pace.db");
  }

  #shareOf(calls: number, windowMs: number): { calls: number; windowMs: number } {
    return { calls: Math.max(1, Math.floor((calls * this.#connection.burst) / 100)), windowMs };
  }

  #retrying<T>(options: RepeatableCall, act: () => Promise<T>): Promise<T> {
    return callRepeatedly(this.#context, options, act);
  }

  async #send(options: CallOptions): Promise<HttpResponse> {
    const signal = options.signal ?? this.#context.signal;
    const session = await this.#signIns.get();
    try {
      return await this.#sendWith(session, options, signal);
    } catch (error) {
      if (!this.#isOver(error)) throw error;
      return this.#sendWith(await this.#signIns.renew(session), options, signal);
    }
  }

  async #sendWith(session: Session, options: CallOptions, signal: AbortSignal): Promise<HttpResponse> {
    const pace = options.search === true ? this.#search : this.#burst;
    await pace?.take(signal);
    try {
      return this.#note(await this.#http.send(this.#requestFor(options, session, signal)));
    } catch (error) {
      if (!(error instanceof CallFault)) throw error;
      const fault = readFault(error);
      // Whoever else uses this account waits with us.
      if (fault.status === 429 && fault.retryAfterMs !== undefined)
        pace?.holdUntil(now().getTime() + fault.retryAfterMs);
      throw fault;
    }
  }

  /** Whether the token of an OAuth app has ended early. */
  #isOver(error: unknown): boolean {
    if (!(error instanceof CallFault) || error.status !== 401 || this.#connection.auth.kind !== "oauth") return false;
    return readApiError(error.body)?.category === "EXPIRED_AUTHENTICATION";
  }

  #requestFor(options: CallOptions, session: Session, signal: AbortSignal): HttpRequest {
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    return {
      method: options.method,
      url: `${this.#connection.baseUrl}${pathIn(this.version, options.path)}`,
      headers: {
        authorization: `Bearer ${session.token}`,
        ...(options.json === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
      signal,
    };
  }

  /** https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (not sent with searches) */
  #note(response: HttpResponse): HttpResponse {
    const { headers } = response;
    this.#clock.note(response);
    const [max, left] = [headers["x-hubspot-ratelimit-daily"], headers["x-hubspot-ratelimit-daily-remaining"]];
    if (max !== undefined && left !== undefined) {
      // The rest of the day belongs to others.
      const { daily } = this.#connection;
      const own = Math.floor((Number(max) * daily) / 100);
      this.#allowance = { used: Number(max) - Number(left), max: own, ...(daily < 100 ? { share: daily } : {}) };
    }
    const calls = headers["x-hubspot-ratelimit-max"];
    const told = `${calls}/${headers["x-hubspot-ratelimit-interval-milliseconds"] ?? burstLimit.windowMs}`;
    if (calls !== undefined && told !== this.#told) this.#adjust(told);
    return response;
  }

  #adjust(told: string): void {
    this.#told = told;
    const [calls = 0, windowMs = 0] = told.split("/").map(Number);
    if (calls > 0 && windowMs > 0) this.#burst?.adjust(this.#shareOf(calls, windowMs));
  }
}
