// A signed-in connection to one org. In: calls below /services/data/vNN.0. Out: answers, or failures that say what to do.
// What must hold: an expired session is renewed once for a call, without loss, in the middle of anything; every call has
// our retries; jsforce, which describes and queries for us, sends through the same door.

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
import { withRetries } from "../../http/retry.ts";
import type { Environment, SalesforceConnection } from "../../job/job.ts";
import { explainFault, readApiError } from "./errors.ts";
import { type SignedIn, signIn } from "./sign-in.ts";
import type { PlainRequest, PlainResponse } from "./transport.ts";

/** What is asked for where the connection names no `api_version` and the org offers it. */
const newestKnownVersion = 68;
const oldestUsableVersion = 58;

type Jsforce = InstanceType<typeof import("jsforce/lib/core.js").Connection>;

export interface CallOptions {
  method: HttpRequest["method"];
  /** Below the version, `/jobs/ingest` say; or from the root, `/services/…`. */
  path: string;
  headers?: Record<string, string>;
  json?: object;
  body?: HttpRequest["body"];
  /** Whether an unknown outcome may be answered by sending again. */
  idempotent: boolean;
  /** For messages: "reading job 750…". */
  doing: string;
  signal?: AbortSignal;
  /** Told of each call that is made again, why. */
  onFault?(fault: CallFault): void;
}

export class SalesforceClient {
  readonly name: string;
  readonly #connection: SalesforceConnection;
  readonly #environment: Environment;
  readonly #http: HttpClient;
  #session: SignedIn | undefined;
  #signingIn: Promise<SignedIn> | undefined;
  #version: string | undefined;
  #jsforce: Jsforce | undefined;
  readonly #onRetry: (text: string) => void;
  readonly #signal: AbortSignal;

  /** `signal` ends every call and every wait between tries. */
  constructor(
    connection: SalesforceConnection,
    environment: Environment,
    http: HttpClient,
    onRetry: (text: string) => void,
    signal: AbortSignal,
  ) {
    this.name = connection.name;
    this.#connection = connection;
    this.#environment = environment;
    this.#http = http;
    this.#onRetry = onRetry;
    this.#signal = signal;
  }

  get calls(): number {
    return this.#http.calls;
  }

  get orgId(): string {
    if (this.#session === undefined) throw new Error("not signed in");
    return this.#session.orgId;
  }

  get version(): string {
    if (this.#version === undefined) throw new Error("not connected");
    return this.#version;
  }

  /** Signs in and settles the API version. */
  async connect(): Promise<void> {
    await this.#signIn();
    this.#version = this.#connection.apiVersion ?? (await this.#negotiateVersion());
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

  /** Fetches CSV into a file that is whole or not there. Gives the answer's headers. Throws CallFault. */
  downloadCsv(options: Omit<CallOptions, "method" | "idempotent">, path: string): Promise<HttpResponse["headers"]> {
    const call: CallOptions = { ...options, method: "GET", headers: { accept: "text/csv" }, idempotent: true };
    return this.#retrying(call, async () => {
      const response = await this.#sendSignedIn(call);
      const isCsv = response.headers["content-type"]?.startsWith("text/csv") === true;
      if (!isCsv) throw strangeAnswer(response, await readText(response, call.doing), call.doing);
      await saveBody(response, path, call.doing);
      return response.headers;
    });
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
    const session = await this.#signIn();
    this.#jsforce = await this.#lendTo({ instanceUrl: session.instanceUrl, version: this.version });
    this.#jsforce.accessToken = session.accessToken;
    return this.#jsforce;
  }

  /** Asks the token endpoint. Throws Failure. */
  async authorize(loginUrl: string, parameters: Record<string, string>): Promise<SignedIn> {
    const jsforce = await this.#lendTo({ loginUrl, oauth2: { loginUrl } });
    try {
      const user = await jsforce.authorize(parameters as never);
      const { instanceUrl, accessToken } = jsforce;
      if (typeof accessToken !== "string") throw new Error("the answer holds no access token");
      registerSecret(accessToken);
      return { instanceUrl, accessToken, orgId: user.organizationId.slice(0, 15) };
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

  #retrying<T>(options: Pick<CallOptions, "idempotent" | "signal" | "onFault">, act: () => Promise<T>): Promise<T> {
    return withRetries(act, {
      idempotent: options.idempotent,
      signal: options.signal ?? this.#signal,
      onRetry: (fault, attempt, delayMs) => {
        options.onFault?.(fault);
        this.#onRetry(`${fault.message}; try ${attempt + 1} in ${Math.round(delayMs)} ms`);
      },
    });
  }

  async #sendSignedIn(options: CallOptions): Promise<HttpResponse> {
    const session = await this.#signIn();
    try {
      return await this.#http.send(this.#requestFor(options, session));
    } catch (error) {
      if (!isExpiredSession(error)) throw error;
      const renewed = await this.#renew(session);
      return this.#http.send(this.#requestFor(options, renewed));
    }
  }

  #requestFor(options: CallOptions, session: SignedIn): HttpRequest {
    const path = options.path.startsWith("/services/")
      ? options.path
      : `/services/data/v${this.version}${options.path}`;
    const body = options.json === undefined ? options.body : JSON.stringify(options.json);
    return {
      method: options.method,
      url: `${session.instanceUrl}${path}`,
      headers: {
        authorization: `Bearer ${session.accessToken}`,
        ...(options.json === undefined ? {} : { "content-type": "application/json; charset=utf-8" }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: options.signal ?? this.#signal,
    };
  }

  /** Signs in once, however many calls ask for it at the same time. */
  #signIn(): Promise<SignedIn> {
    if (this.#session !== undefined) return Promise.resolve(this.#session);
    this.#signingIn ??= signIn(this, this.#connection, this.#environment)
      .then((session) => {
        this.#session = session;
        return session;
      })
      .finally(() => {
        this.#signingIn = undefined;
      });
    return this.#signingIn;
  }

  async #renew(expired: SignedIn): Promise<SignedIn> {
    if (this.#connection.auth.kind === "access_token") {
      throw new Failure(exitCode.signIn, `${this.name}: the access token is expired or was never valid`, {
        where: this.#connection.place,
        why: "INVALID_SESSION_ID",
        next: "set the variable to a fresh token, or use `jwt` or `client_credentials`, which renew themselves",
      });
    }
    if (this.#session === expired) this.#session = undefined;
    const renewed = await this.#signIn();
    if (renewed.orgId !== expired.orgId) {
      throw new Failure(exitCode.signIn, `${this.name}: the new session belongs to another org (${renewed.orgId})`);
    }
    if (this.#jsforce !== undefined) this.#jsforce.accessToken = renewed.accessToken;
    return renewed;
  }

  async #negotiateVersion(): Promise<string> {
    const answer = await this.explain("listing API versions", () =>
      this.callJson({ method: "GET", path: "/services/data", idempotent: true, doing: "listing API versions" }),
    );
    const offered = (answer as unknown as { version: string }[]).map(({ version }) => Number(version));
    const usable = offered.filter((version) => version >= oldestUsableVersion && version <= newestKnownVersion);
    if (usable.length === 0) {
      throw new Failure(
        exitCode.failed,
        `${this.name} offers no API version from ${oldestUsableVersion} to ${newestKnownVersion}`,
      );
    }
    return `${Math.max(...usable)}.0`;
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
    const isSignIn = url.pathname.startsWith("/services/oauth2/");
    const doing = `${method} ${url.pathname}`;
    const idempotent = isSignIn || method === "GET";
    const path = `${url.pathname}${url.search}`;
    return this.#retrying({ idempotent }, async () => {
      const response = isSignIn
        ? await this.#http.send({ method, url: request.url, headers, ...bodyOf, signal: this.#signal })
        : await this.#sendSignedIn({ method, path, headers, ...bodyOf, idempotent, doing });
      const body = await readText(response, doing);
      // jsforce takes a page of HTML for an answer.
      if (!isJson(body)) throw strangeAnswer(response, body, doing);
      return { statusCode: response.status, headers: response.headers as Record<string, string>, body };
    });
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

function isExpiredSession(error: unknown): boolean {
  return error instanceof CallFault && error.status === 401 && readApiError(error.body)?.code === "INVALID_SESSION_ID";
}
