// A signed-in connection to one org. In: calls below /services/data/vNN.0. Out: answers, or failures that say what to do.
// What must hold: an expired session is renewed once for a call, without loss, in the middle of anything; every call has
// our retries; jsforce, which describes and queries for us, sends through the same door.

import type { Allowance } from "../../contract/account.ts";
import type { ConnectionContext } from "../../contract/connection.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { parseJson } from "../../core/json.ts";
import { registerSecret } from "../../core/secret.ts";
import { type HttpRequest, type HttpResponse, isZipped, readText, strangeAnswer } from "../../http/client.ts";
import { saveBody } from "../../http/download.ts";
import { CallFault } from "../../http/outcome.ts";
import { type ApiCall, ApiClient, type CallPurpose } from "../kit/api-client.ts";
import { followPages } from "../kit/pages.ts";
import { chooseVersion } from "./api-version.ts";
import type { SalesforceConnection } from "./connection.ts";
import { explainFault, isOwnError, readApiError } from "./errors.ts";
import { checkInstance } from "./hosts.ts";
import { type SignedIn, signIn, soapLoginEnds } from "./sign-in.ts";
import { isSoapFault, readSoapFault, soapEnvelope } from "./soap.ts";
import type { PlainRequest, PlainResponse } from "./transport.ts";

type Jsforce = InstanceType<typeof import("jsforce/lib/core.js").Connection>;

/** Paths are below the version, `/jobs/ingest` say; or from the root, `/services/…`. */
export class SalesforceClient extends ApiClient<SalesforceConnection, SignedIn> {
  /** What the org handed out in place of the connection's own, which is used up then. */
  #refreshToken: string | undefined;
  #version: string | undefined;
  #jsforce: Jsforce | undefined;

  constructor(connection: SalesforceConnection, context: ConnectionContext) {
    super(connection, context, isOwnError);
  }

  get orgId(): string {
    const session = this.signIns.latest;
    if (session === undefined) throw new Error("not signed in");
    return session.orgId;
  }

  get version(): string {
    if (this.#version === undefined) throw new Error("not connected");
    return this.#version;
  }

  /** Signs in and settles the API version. */
  async connect(): Promise<void> {
    await this.signIns.get();
    const doing = "listing API versions";
    const offered = await this.explain(doing, () => this.get("/services/data", { doing }));
    this.#version = chooseVersion(this.connection, offered);
    if (this.connection.auth.kind === "password") this.warnings.push(`${this.name} ${soapLoginEnds}`);
  }

  /**
   * Fetches CSV into a file that is whole or not there; with `keepGzip`, into one of this name and `.gz` where it comes
   * so. Gives the file's path and the answer's headers. Throws CallFault.
   */
  downloadCsv(
    options: Omit<ApiCall, "method" | "idempotent">,
    path: string,
  ): Promise<{ path: string; headers: HttpResponse["headers"] }> {
    const call: ApiCall = { ...options, method: "GET", headers: { accept: "text/csv" }, idempotent: true };
    return this.read(call, async (response) => {
      const isCsv = response.headers["content-type"]?.startsWith("text/csv") === true;
      if (!isCsv) throw strangeAnswer(response, await readText(response, call.doing), call.doing);
      const isGzip = call.keepGzip === true && isZipped(response);
      const saved = isGzip ? `${path}.gz` : path;
      await saveBody(response, saved, call.doing);
      return { path: saved, headers: response.headers };
    });
  }

  /** The answers of a listing, page by page. Throws CallFault. */
  async *pages(path: string, purpose: CallPurpose): AsyncGenerator<Record<string, unknown>> {
    const read = async (at = path) => {
      const answer = await this.get(at, purpose);
      return { answer, next: answer["done"] === true ? undefined : String(answer["nextRecordsUrl"]) };
    };
    for await (const { answer } of followPages(this, purpose.doing, read, path)) yield answer;
  }

  /** A call of the SOAP API, whose body holds the session. */
  soapCall({ content, ...call }: Pick<ApiCall, "doing" | "signal" | "idempotent"> & { content: string }): ApiCall {
    return {
      ...call,
      method: "POST",
      path: `/services/Soap/u/${this.version}`,
      headers: { "content-type": "text/xml; charset=utf-8", soapaction: '""' },
      bodyFor: (token) => soapEnvelope(token, content),
    };
  }

  /** jsforce, over our door. */
  async jsforce(): Promise<Jsforce> {
    if (this.#jsforce !== undefined) return this.#jsforce;
    const session = await this.signIns.get();
    this.#jsforce = await this.#lendTo({ instanceUrl: session.origin, version: this.version });
    this.#jsforce.accessToken = session.token;
    return this.#jsforce;
  }

  /** Asks the token endpoint. Throws Failure. */
  authorize(loginUrl: string, parameters: Record<string, string>): Promise<SignedIn> {
    return this.#refusing(async () => {
      const jsforce = await this.#lendTo({ loginUrl, oauth2: { loginUrl } });
      const answer = await jsforce.oauth2.requestToken(parameters as never);
      const { access_token, instance_url, id, refresh_token } = answer;
      return {
        origin: instance_url,
        token: access_token,
        // https://login.salesforce.com/id/<org>/<user>
        orgId:
          String(id ?? "")
            .split("/")
            .at(-2) ?? "",
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
      return { origin: jsforce.instanceUrl, token: jsforce.accessToken ?? "", orgId: organizationId };
    });
  }

  async #refusing(act: () => Promise<SignedIn>): Promise<SignedIn> {
    try {
      const { token, refreshToken, orgId, origin } = await act();
      if (!token) throw new Error("the answer holds no access token");
      if (!orgId) throw new Error("the answer does not say whose org it is");
      registerSecret(token);
      if (refreshToken !== undefined) registerSecret(refreshToken);
      return {
        origin: checkInstance(origin, this.connection),
        token,
        orgId: orgId.slice(0, 15),
        ...(refreshToken === undefined ? {} : { refreshToken }),
      };
    } catch (error) {
      if (error instanceof Failure) throw error;
      const fault = error instanceof CallFault ? explainFault(error, this.name, "the sign-in") : undefined;
      if (fault instanceof Failure && fault.exitCode === exitCode.tryLater) throw fault;
      const { name, message } = error as Error;
      throw new Failure(exitCode.signIn, `${this.name}: Salesforce refuses the sign-in`, {
        where: this.connection.place,
        why: name === "Error" ? message : `${name}: ${message}`,
        next: "check the credentials that connections.yaml refers to, and that login_url is this org's",
      });
    }
  }

  /** SOAP says no with status 500, which elsewhere means "try again". */
  protected override async exchange(call: ApiCall, session: SignedIn): Promise<HttpResponse> {
    try {
      return await super.exchange(call, session);
    } catch (error) {
      if (call.bodyFor === undefined || !isRefusedBySoap(error)) throw error;
      throw error.as({ outcome: "refused", transient: false });
    }
  }

  protected override pathOf({ path }: ApiCall): string {
    const isBelowVersion = /^(?:$|\/(?!services\/))/.test(path);
    return isBelowVersion ? `/services/data/v${this.version}${path}` : path;
  }

  /** https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm */
  protected override noteAnswer(headers: HttpResponse["headers"]): Allowance | undefined {
    const found = /api-usage=(?<used>\d+)\/(?<max>\d+)/.exec(headers["sforce-limit-info"] ?? "");
    return found?.groups && { used: Number(found.groups["used"]), max: Number(found.groups["max"]) };
  }

  protected override explainFault(fault: CallFault, doing: string): unknown {
    return explainFault(fault, this.name, doing);
  }

  /** Of an upload that is refused half-way the answer's body may be lost with the connection: the status says it too. */
  protected override isOver({ status, body }: CallFault): boolean {
    if (status === 500) return readSoapFault(body)?.code === "INVALID_SESSION_ID";
    return status === 401 && (body === "" || readApiError(body)?.code === "INVALID_SESSION_ID");
  }

  protected override async signIn(): Promise<SignedIn> {
    const session = await signIn(this, this.connection, this.context.environment, this.#refreshToken);
    this.#keepRefreshToken(session);
    return session;
  }

  /** Of a flow that has one: the org hands out another only where it rotates them. */
  #keepRefreshToken({ refreshToken }: SignedIn): void {
    if (refreshToken === undefined || this.connection.auth.kind !== "refresh_token") return;
    const own = this.#refreshToken ?? this.connection.auth.refreshToken.resolve(this.context.environment).reveal();
    if (refreshToken === own) return;
    if (this.#refreshToken === undefined) {
      this.warnings.push(
        `${this.name} rotates refresh tokens: the one in connections.yaml is used up and the next run can't sign in; ` +
          "turn rotation off for this app, or change to jwt or client_credentials",
      );
    }
    this.#refreshToken = refreshToken;
  }

  protected override async renew(expired: SignedIn): Promise<SignedIn> {
    if (this.connection.auth.kind === "access_token") {
      throw new Failure(exitCode.signIn, `${this.name}: the access token is expired or was never valid`, {
        where: this.connection.place,
        why: "INVALID_SESSION_ID",
        next: "set the variable to a fresh token, or use `jwt` or `client_credentials`, which renew themselves",
      });
    }
    const renewed = await super.renew(expired);
    if (renewed.orgId !== expired.orgId) {
      throw new Failure(exitCode.signIn, `${this.name}: the new session belongs to another org (${renewed.orgId})`);
    }
    if (this.#jsforce !== undefined) this.#jsforce.accessToken = renewed.token;
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
        ? await this.http.send({ method, url: request.url, headers, ...bodyOf, signal: this.context.signal })
        : await this.send({ method, path, headers, ...bodyOf, idempotent, doing });
      const body = await readText(response, doing);
      // jsforce takes a page of HTML for an answer.
      if (!(isSoap ? /<sessionId>/.test(body) : parseJson(body) !== undefined))
        throw strangeAnswer(response, body, doing);
      return { statusCode: response.status, headers: response.headers as Record<string, string>, body };
    };
    return this.retrying({ idempotent }, () => (isSoap ? takeSoapFaults(send) : send()));
  }
}

function isRefusedBySoap(error: unknown): error is CallFault {
  return error instanceof CallFault && error.status === 500 && isSoapFault(error.body);
}

/** To jsforce a fault is an answer. */
async function takeSoapFaults(send: () => Promise<PlainResponse>): Promise<PlainResponse> {
  try {
    return await send();
  } catch (error) {
    if (!isRefusedBySoap(error)) throw error;
    return { statusCode: 500, headers: {}, body: error.body };
  }
}
