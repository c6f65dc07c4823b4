// A signed-in connection to one HubSpot account. In: calls by their v3 and v4 paths. Out: answers, or failures that say
// what to do. What must hold: every call has our retries and keeps the account's pace, which all runs on it share; a
// token that ends is renewed before it does.

import { join } from "node:path";
import type { Allowance, Identity } from "../../contract/account.ts";
import type { ConnectionContext } from "../../contract/connection.ts";
import { now } from "../../core/clock.ts";
import { makePrivateFolder } from "../../core/files.ts";
import type { HttpResponse } from "../../http/client.ts";
import { CallFault } from "../../http/outcome.ts";
import { Pace } from "../../http/pace.ts";
import { type ApiCall, ApiClient, type CallPurpose } from "../kit/api-client.ts";
import { followPages } from "../kit/pages.ts";
import type { HubSpotConnection } from "./connection.ts";
import { explainFault, isOwnError, readApiError, readFault } from "./errors.ts";
import { type ApiVersion, apiVersions, newestVersion, pathIn } from "./paths.ts";
import { isEnding, type Session, signIn } from "./sign-in.ts";

interface Answer {
  status: number;
  /** Undefined where the answer is empty. */
  json: unknown;
}

interface Listed<Result> {
  results: Result[];
  paging?: { next?: { after?: string } };
}

/** Five a second; what is sent evenly arrives less so. */
const searchLimit = { calls: 5, windowMs: 1100 };
/** Until an answer tells the limit: that of the smallest accounts. */
const burstLimit = { calls: 100, windowMs: 10_000 };

/** Paths are as v3 and v4 have them. */
export class HubSpotClient extends ApiClient<HubSpotConnection, Session> {
  readonly version: ApiVersion;
  #burst: Pace | undefined;
  #search: Pace | undefined;
  #portal: string | undefined;
  #accountType: string | undefined;
  #told = "";

  constructor(connection: HubSpotConnection, context: ConnectionContext) {
    super(connection, context, isOwnError);
    this.version = apiVersions.find((version) => version === connection.apiVersion) ?? newestVersion;
  }

  /** The account's id. */
  get orgId(): string {
    if (this.#portal === undefined) throw new Error("not connected");
    return this.#portal;
  }

  /** An app is signed in, and no person. STANDARD, SANDBOX, DEVELOPER_TEST and so on are account types. */
  get identity(): Identity {
    const user = this.connection.auth.kind === "token" ? "the app of this token" : "an OAuth app";
    return { user, name: null, kind: this.#accountType ?? null };
  }

  /** Signs in and learns whose account it is. Throws a Failure (8 refused, 75 unreachable). */
  async connect(): Promise<void> {
    const doing = "the sign-in";
    const path = "/account-info/v3/details";
    const { portalId, accountType } = await this.explain(doing, () =>
      this.get<{ portalId: number; accountType?: string }>(path, { doing, form: { portalId: "name" } }),
    );
    this.#accountType = accountType;
    this.#portal = String(portalId);
    const paces = this.#pacePath();
    const onLost = (message: string) => void this.warnings.push(message);
    this.#burst = Pace.open(paces, `${portalId}:burst`, this.#shareOf(burstLimit.calls, burstLimit.windowMs), onLost);
    this.#search = Pace.open(paces, `${portalId}:search`, searchLimit, onLost);
    if (this.#told !== "") this.#adjust(this.#told);
  }

  /** Makes a call and reads its JSON, if there is any. Throws CallFault. */
  call(call: ApiCall): Promise<Answer> {
    return this.read(call, async (response) => {
      const isEmpty = response.status === 204 || response.headers["content-length"] === "0";
      if (isEmpty) response.body.resume();
      return { status: response.status, json: isEmpty ? undefined : await this.readAnswer(response, call) };
    });
  }

  override async callJson<Answer>(call: ApiCall): Promise<Answer> {
    return (await this.call(call)).json as Answer;
  }

  /** Pages of a listing, from a cursor on. Throws CallFault. */
  pages<Result>(
    path: string,
    query: Record<string, string>,
    purpose: CallPurpose,
    from?: string,
  ): AsyncGenerator<{ results: Result[]; next: string | undefined }> {
    const read = async (after: string | undefined) => {
      const asked = new URLSearchParams({ ...query, ...(after === undefined ? {} : { after }) });
      const { results, paging } = await this.get<Listed<Result>>(`${path}?${asked}`, {
        ...purpose,
        form: { results: "list" },
      });
      return { results, next: paging?.next?.after };
    };
    return followPages(this, purpose.doing, read, from);
  }

  override close(): void {
    this.#burst?.[Symbol.dispose]();
    this.#search?.[Symbol.dispose]();
    super.close();
  }

  protected override signIn(): Promise<Session> {
    return signIn(this.http, this.connection, this.context.environment, this.version, this.context.signal);
  }

  protected override isEnding(session: Session): boolean {
    return isEnding(session);
  }

  /** The token of an OAuth app has ended early. */
  protected override isOver({ status, body }: CallFault): boolean {
    if (status !== 401 || this.connection.auth.kind !== "oauth") return false;
    return readApiError(body)?.category === "EXPIRED_AUTHENTICATION";
  }

  protected override explainFault(fault: CallFault, doing: string): unknown {
    return explainFault(fault, this.name, doing);
  }

  protected override pathOf({ path }: ApiCall): string {
    return pathIn(this.version, path);
  }

  protected override async exchange(call: ApiCall, session: Session): Promise<HttpResponse> {
    // Searches have a limit of their own.
    const pace = call.path.endsWith("/search") ? this.#search : this.#burst;
    await pace?.take(call.signal ?? this.context.signal);
    try {
      return await super.exchange(call, session);
    } catch (error) {
      if (!(error instanceof CallFault)) throw error;
      const fault = readFault(error);
      // Whoever else uses this account waits with us.
      if (fault.status === 429 && fault.retryAfterMs !== undefined)
        pace?.holdUntil(now().getTime() + fault.retryAfterMs);
      throw fault;
    }
  }

  /** https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (not sent with searches) */
  protected override noteAnswer(headers: HttpResponse["headers"]): Allowance | undefined {
    const calls = headers["x-hubspot-ratelimit-max"];
    const told = `${calls}/${headers["x-hubspot-ratelimit-interval-milliseconds"] ?? burstLimit.windowMs}`;
    if (calls !== undefined && told !== this.#told) this.#adjust(told);
    const [max, left] = [headers["x-hubspot-ratelimit-daily"], headers["x-hubspot-ratelimit-daily-remaining"]];
    if (max === undefined || left === undefined) return undefined;
    // The rest of the day belongs to others.
    const { daily } = this.connection;
    const own = Math.floor((Number(max) * daily) / 100);
    return { used: Number(max) - Number(left), max: own, ...(daily < 100 ? { share: daily } : {}) };
  }

  #pacePath(): string {
    const { stateFolder } = this.context;
    if (stateFolder === undefined) return ":memory:";
    makePrivateFolder(stateFolder);
    return join(stateFolder, "pace.db");
  }

  #shareOf(calls: number, windowMs: number): { calls: number; windowMs: number } {
    return { calls: Math.max(1, Math.floor((calls * this.connection.burst) / 100)), windowMs };
  }

  #adjust(told: string): void {
    this.#told = told;
    const [calls = 0, windowMs = 0] = told.split("/").map(Number);
    if (calls > 0 && windowMs > 0) this.#burst?.adjust(this.#shareOf(calls, windowMs));
  }
}
