// A signed-in connection to one org. In: calls below /services/data/vNN.0. Out: answers, or failures that say what to do.
// What must hold: an expired session is renewed once for a call, without loss, in the middle of anything; every call has
// our retries; jsforce, which describes and queries for us, sends through the same door.

import type { Allowance } from "../../contract/account.ts";
import type { ConnectionContext } from "../../contract/connection.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { registerSecret } from "../../core/secret.ts";
import {
  type HttpClient,
  type HttpRequest,
  type HttpResponse,
  readJson,
  readText,
  strangeAnswer,
} from "../../http/client.ts";
import { saveBody } from "../../http/download.ts";
import { CallFault } from "../../http/outcome.ts";
import { ServerClock } from "../../http/server-clock.ts";
import { callRepeatedly, type RepeatableCall } from "../kit/calls.ts";
import { SignIns } from "../kit/sign-ins.ts";
import { chooseVersion } from "./api-version.ts";
import type { SalesforceConnection } from "./connection.ts";
import { explainFault, readApiError } from "./errors.ts";
import { checkInstance, urlOnInstance } from "./hosts.ts";
import { type SignedIn, signIn, soapLoginEnds } from "./sign-in.ts";
import { isSoapFault, type PlainRequest, type PlainResponse } from "./transport.ts";
import { readUsage } from "./usage.ts";

type Jsforce = InstanceType<typeof import("jsforce/lib/core.js").Connection>;

export interface CallOptions extends RepeatableCall {
  method: HttpRequest["method"];
  /** Below the version, `/jobs/ingest` say; or from the root, `/services/…`. */
  path: string;
  headers?: Record<string, string>;
  json?: object;
  body?: HttpRequest["body"];
  keepGzip?: boolean;
  /** For messages: "reading job 750…". */
  doing: string;
}

export class SalesforceClient {
  readonly name: string;
  /** What a person should know of the connection. */
  readonly warnings: string[] = [];
  readonly #connection: SalesforceConnection;
  readonly #http: HttpClient;
  readonly #signIns = new SignIns(() => this.#signIn());
  /** What the org handed out in place of the connection's own, which is used up then. */
  #refreshToken: string | undefined;
  #allowance: Allowance | undefined;
  #version: string | undefined;
  #jsforce: Jsforce | undefined;
  readonly #clock = new ServerClock();
  readonly #context: ConnectionContext;

  constructor(connection: SalesforceConnection, context: ConnectionContext, http: HttpClient) {
    this.name = connection.name;
    this.#connection = connection;
    this.#http = http;
    this.#context = context;
  }

  get calls(): number {
    return this.#http.calls;
  }

  /** As the latest answer told it. */
  get allowance(): Allowance | undefined {
    return this.#allowance;
  }

  get orgId(): string {
    const session = this.#signIns.latest;
    if (session === undefined) throw new Error("not signed in");
    return session.orgId;
  }

  get version(): string {
    if (this.#version === undefined) throw new Error("not connected");
    return this.#version;
  }

  /** Signs in and settles the API version. */
  async connect(): Promise<void> {
    await this.#signIns.get();
    const doing = "listing API versions";
    const offered = await this.explain(doing, () =>
      this.callJson({ method: "GET", path: "/services/data", idempotent: true, doing }),
    );
    this.#version = chooseVersion(this.#connection, offered);
    if (this.#connection.auth.kind === "password") this.warnings.push(`${this.name} ${soapLoginEnds}`);
  }

  /** Makes a call and gives the status and text of its answer. Throws CallFault. */
  callText(options: CallOptions): Promise<{ status: number; text: string }> {
    return this.#retrying(options, async () => {
      const response = await this.#sendSignedIn(options);
      return { status: response.status, text: await readText(response, options.doing) };
    });
  }

  /** Makes a call and reads the text of its answer by `read`, which throws a CallFault on a strange one. */
  callRead<T>(options: CallOptions, read: (text: string) => T): Promise<T> {
    return this.#retrying(options, async () => read(await readText(await this.#sendSignedIn(options), options.doing)));
  }

  /** Makes a call and reads its JSON. Throws CallFault. */
  callJson(options: CallOptions): Promise<Record<string, unknown>> {
    return this.#retrying(options, async () => {
      const answer = await readJson(await this.#sendSignedIn(options), options.doing);
      return answer as Record<string, unknown>;
    });
  }

  /**
   * Fetches CSV into a file that is whole or not there; with `keepGzip`, into one of this name and `.gz` where it comes
   * so. Gives the file's path and the answer's headers. Throws CallFault.
   */
  downloadCsv(
    options: Omit<CallOptions, "method" | "idempotent">,
    path: string,
  ): Promise<{ path: string; headers: HttpResponse["headers"] }> {
    const call: CallOptions = { ...options, method: "GET", headers: { accept: "text/csv" }, idempotent: true };
    return this.#retrying(call, async () => {
      const response = await this.#sendSignedIn(call);
      const isCsv = response.headers["content-type"]?.startsWith("text/csv") === true;
      if (!isCsv) throw strangeAnswer(response, await readText(response, call.doing), call.doing);
      const isGzip = call.keepGzip === true && response.headers["content-encoding"] === "gzip";
      const saved = isGzip ? `${path}.gz` : path;
      await saveBody(response, saved, call.doing);
      return { path: saved, headers: response.headers };
    });
  }

  /** The org's clock, to the second. */
  async readClock(): Promise<Date> {
    if (this.#clock.read() === undefined)
      await this.callText({ method: "GET", path: "", idempotent: true, doing: "reading the clock" });
    const time = this.#clock.read();
    if (time === undefined) throw new Failure(exitCode.failed, `${this.name} tells no time: its answers have no Date`);
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

  /** jsforce, over our door. */
  async jsforce(): Promise<Jsforce> {
    if (this.#jsforce !== undefined) return this.#jsforce;
    const session = await this.#signIns.get();
    this.#jsforce = await this.#lendTo({ instanceUrl: session.instanceUrl, version: this.version });
    this.#jsforce.accessToken = session.accessToken;
    return this.#jsforce;
  }

  /** Asks the token endpoint. Throws Failure. */
  authorize(loginUrl: string, parameters: Record<string, string>): Promise<SignedIn> {
    return this.#refusing(async () => {
      const jsforce = await this.#lendTo({ loginUrl, oauth2: { loginUrl } });
      const answer = await jsforce.oauth2.requestToken(parameters as never);
      const { access_token, instance_url, id, refresh_token } = answer;
      return {
        instanceUrl: instance_url,
        accessToken: access_token,
        // https://login.salesforce.com/id/<org>/<user>
        orgId: id.split("/").at(-2) ?? "",
        ...(refresh_token === undefined ? {} : { refreshToken: refresh_token }),
      };
    });
  }

  /** Throws Failure. */
  loginBySoap(
    loginUrl: string,
    { version, username, password }: { version: string; username: string; password: string },
  ): Promise<SignedIn> {
    return this.#refusing(async () => {
      const jsforce = await this.#lendTo({ loginUrl, version });
      const { organizationId } = await jsforce.login(username, password);
      return { instanceUrl: jsforce.instanceUrl, accessToken: jsforce.accessToken ?? "", orgId: organizationId };
    });
  }

  async #refusing(act: () => Promise<SignedIn>): Promise<SignedIn> {
    try {
      const { accessToken, refreshToken, orgId, instanceUrl } = await act();
      if (!accessToken) throw new Error("the answer holds no access token");
      registerSecret(accessToken);
      if (refreshToken !== undefined) registerSecret(refreshToken);
      return {
        instanceUrl: checkInstance(instanceUrl, this.#connection),
        accessToken,
        orgId: orgId.slice(0, 15),
        ...(refreshToken === undefined ? {} : { refreshToken }),
      };
    } catch (error) {
      if (error instanceof Failure) throw error;
      const fault = error instanceof CallFault ? explainFault(error, this.name, "the sign-in") : undefined;
      if (fault instanceof Failure && fault.exitCode === exitCode.tryLater) throw fault;
      const { name, message } = error as Error;
      throw new Failure(exitCode.signIn, `${this.name}: Salesforce refuses the sign-in`, {
        where: this.#connection.place,
        why: name === "Error" ? message : `${name}: ${message}`,
        next: "check the credentials that connections.yaml refers to, and that login_url is this org's",
      });
    }
  }

  #retrying<T>(options: RepeatableCall, act: () => Promise<T>): Promise<T> {
    return callRepeatedly(this.#context, options, act);
  }

  async #sendSignedIn(options: CallOptions): Promise<HttpResponse> {
    const session = await this.#signIns.get();
    try {
      return this.#noteAnswer(await this.#http.send(this.#requestFor(options, session)));
    } catch (error) {
      if (!isExpiredSession(error)) throw error;
      const renewed = await this.#renew(session);
      return this.#noteAnswer(await this.#http.send(this.#requestFor(options, renewed)));
    }
  }

  #noteAnswer(response: HttpResponse): HttpResponse {
    this.#allowance = readUsage(response.headers["sforce-limit-info"]) ?? this.#allowance;
    this.#clock.note(response);
    return response;
  }

  #requestFor(options: CallOptions, session: SignedIn): HttpRequest {
    const isBelowVersion = /^(?:$|\/(?!services\/))/.test(options.path);
    const path = isBelowVersion ? `/services/data/v${this.version}${options.path}` : options.path;
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    return {
      method: options.method,
      url: urlOnInstance(session.instanceUrl, path, this.#connection),
      headers: {
        authorization: `Bearer ${session.accessToken}`,
        ...(options.json === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
      ...(options.keepGzip === true ? { keepGzip: true } : {}),
      signal: options.signal ?? this.#context.signal,
    };
  }

  async #signIn(): Promise<SignedIn> {
    const session = await signIn(this, this.#connection, this.#context.environment, this.#refreshToken);
    this.#keepRefreshToken(session);
    return session;
  }

  /** Of a flow that has one: the org hands out another only where it rotates them. */
  #keepRefreshToken({ refreshToken }: SignedIn): void {
    if (refreshToken === undefined || this.#connection.auth.kind !== "refresh_token") return;
    const own = this.#refreshToken ?? this.#connection.auth.refreshToken.resolve(this.#context.environment).reveal();
    if (refreshToken === own) return;
    if (this.#refreshToken === undefined) {
      this.warnings.push(
        `${this.name} rotates refresh tokens: the one in connections.yaml is used up and the next run can't sign in; ` +
          "turn rotation off for this app, or change to jwt or client_credentials",
      );
    }
    this.#refreshToken = refreshToken;
  }

  async #renew(expired: SignedIn): Promise<SignedIn> {
    if (this.#connection.auth.kind === "access_token") {
      throw new Failure(exitCode.signIn, `${this.name}: the access token is expired or was never valid`, {
        where: this.#connection.place,
        why: "INVALID_SESSION_ID",
        next: "set the variable to a fresh token, or use `jwt` or `client_credentials`, which renew themselves",
      });
    }
    const renewed = await this.#signIns.renew(expired);
    if (renewed.orgId !== expired.orgId) {
      throw new Failure(exitCode.signIn, `${this.name}: the new session belongs to another org (${renewed.orgId})`);
    }
    if (this.#jsforce !== undefined) this.#jsforce.accessToken = renewed.accessToken;
    return renewed;
  }

  async #lendTo(options: {
    instanceUrl?: string;
    loginUrl?: string;
    version?: string;
    oauth2?: { loginUrl: string };
  }): Promise<Jsforce> {
    const [{ Connection }, { LentTransport }] = await Promise.all([
      import("jsforce/lib/core.js"),
      import("./transport.ts"),
    ]);
    const jsforce = new Connection(options);
    const transport = new LentTransport((request) => this.#sendPlain(request));
    jsforce._transport = transport;
    jsforce.oauth2._transport = transport;
    return jsforce;
  }

  /** A request that jsforce made: to the token endpoint as it is, to anything else with the session of the moment. */
  async #sendPlain(request: PlainRequest): Promise<PlainResponse> {
    const method = request.method as HttpRequest["method"];
    const url = new URL(request.url);
    const { authorization: _a, Authorization: _b, ...headers } = request.headers ?? {};
    const bodyOf = request.body === undefined || request.body === null ? {} : { body: request.body };
    const isSoap = url.pathname.startsWith("/services/Soap/");
    const isSignIn = isSoap || url.pathname.startsWith("/services/oauth2/");
    const doing = `${method} ${url.pathname}`;
    const idempotent = isSignIn || method === "GET";
    const path = `${url.pathname}${url.search}`;
    const send = async () => {
      const response = isSignIn
        ? await this.#http.send({ method, url: request.url, headers, ...bodyOf, signal: this.#context.signal })
        : await this.#sendSignedIn({ method, path, headers, ...bodyOf, idempotent, doing });
      const body = await readText(response, doing);
      // jsforce takes a page of HTML for an answer.
      if (!(isSoap ? /<sessionId>/.test(body) : isJson(body))) throw strangeAnswer(response, body, doing);
      return { statusCode: response.status, headers: response.headers as Record<string, string>, body };
    };
    return this.#retrying({ idempotent }, () => (isSoap ? takeSoapFaults(send) : send()));
  }
}

/** SOAP says no with status 500, which elsewhere means "try again". */
async function takeSoapFaults(send: () => Promise<PlainResponse>): Promise<PlainResponse> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof CallFault) || error.status !== 500 || !isSoapFault(error.body)) throw error;
    return { statusCode: error.status, headers: {}, body: error.body };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Of an upload that is refused half-way the answer's body may be lost with the connection: the status says it too. */
function isExpiredSession(error: unknown): boolean {
  if (!(error instanceof CallFault) || error.status !== 401) return false;
  return error.body === "" || readApiError(error.body)?.code === "INVALID_SESSION_ID";
}
