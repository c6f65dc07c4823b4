// The one door to HTTP. In: a request. Out: an answer with a 2xx status, or a CallFault that says whether the request
// may have had an effect. What must hold: every wait has a bound, no redirect is followed, nothing is retried here
// (http/retry.ts does that), and no header is ever put into a message.

import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import type { Agent, IncomingMessage } from "node:http";
import { pipeline, type Readable, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { monotonicMs } from "../core/clock.ts";
import { isLoopback } from "../core/loopback.ts";
import { redactAnswer } from "../core/secret.ts";
import { readAuthorities, refusalOfCertificate } from "./authorities.ts";
import { CallFault, faultOfSocket, faultOfStatus } from "./outcome.ts";
import { type Proxies, readProxies, refusalOfProxy, tellProxyError } from "./proxy.ts";
import { beginTracing } from "./traced.ts";

// Not imported: an import reads all that node:http exports, and some of that loads the client of fetch, 60 ms of a run.
// Nor before it is used: TLS takes 26 ms, which a job without HTTP, or one against a sandbox, does not want.
const openHttp = () => process.getBuiltinModule("node:http");
const openHttps = () => process.getBuiltinModule("node:https");

const connectTimeoutMs = 10_000;
/** Nothing read and nothing written for so long. */
const idleTimeoutMs = 120_000;
const errorBodyBytesMax = 64 * 1024;

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: string;
  headers?: Record<string, string>;
  /** Text, or a file that is streamed with its known length. */
  body?: string | FileBody;
  signal?: AbortSignal;
  /** Leave a gzipped body as it is. */
  keepGzip?: boolean;
}

interface FileBody {
  path: string;
  bytes: number;
  /** What goes around it: the parts of a form. */
  before?: string;
  after?: string;
  onBytes?(sent: number): void;
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string | undefined>;
  /** Decompressed, unless `keepGzip`. Must be read to its end or destroyed. */
  body: NodeJS.ReadableStream & AsyncIterable<Buffer>;
}

interface Exchanged {
  answer: IncomingMessage;
  /** Whether the whole request has gone out. */
  isSent(): boolean;
}

/** The way to a system. */
export interface Reach {
  /** Where the variables of proxies are read; the process's own, where it is not said. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Certificates that count beside the usual ones. */
  caFile?: string | undefined;
}

export class HttpClient {
  /** By protocol and the proxies on the way. */
  readonly #agents = new Map<string, Agent>();
  readonly #trust: { ca?: string[] };
  readonly #proxies: Proxies;
  readonly #isOwnError: (body: string) => boolean;
  #calls = 0;
  #waitedMs = 0;

  /**
   * `isOwnError`: whether the body of an answer outside 2xx is of the system that is called, not of a gateway. Throws a
   * Failure where a proxy or a file of certificates is none.
   */
  constructor(isOwnError: (body: string) => boolean, { environment = process.env, caFile }: Reach = {}) {
    this.#isOwnError = isOwnError;
    this.#proxies = readProxies(environment);
    this.#trust = caFile === undefined ? {} : { ca: trustedWith(caFile) };
  }

  /** Requests sent so far. */
  get calls(): number {
    return this.#calls;
  }

  /** Milliseconds from sending a request to its answer's first byte, over all requests. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    const url = new URL(request.url);
    const what = `${request.method} ${url.origin}${url.pathname}`;
    request.signal?.throwIfAborted();
    this.#calls += 1;
    const started = monotonicMs();
    const tracing = beginTracing(request.method, url, bytesOf(request.body));
    const { answer, isSent } = await this.#exchange(request, url, what).catch((error: unknown) => {
      tracing?.fail(error);
      throw error;
    });
    this.#waitedMs += monotonicMs() - started;
    const received = tracing?.follow(answer, isSent) ?? answer;
    const status = answer.statusCode ?? 0;
    if (status < 200 || status > 299) {
      const body = await readSome(received, isZipped(answer));
      const retryAfter = answer.headers["retry-after"];
      throw faultOfStatus({ status, retryAfter, body, isOwn: this.#isOwnError(body) }, what);
    }
    const isGzip = isZipped(answer) && request.keepGzip !== true;
    const body = isGzip ? pipeline(received, createGunzip(), () => undefined) : received;
    return {
      status,
      headers: answer.headers as Record<string, string | undefined>,
      body,
    };
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
  }

  #agentFor(url: URL): Agent {
    const secure = url.protocol === "https:";
    const isDirect = this.#proxies.told.length === 0 || isLoopback(url.hostname);
    const name = `${url.protocol} ${isDirect ? "direct" : "by proxy"}`;
    const known = this.#agents.get(name);
    if (known !== undefined) return known;
    const options = { keepAlive: true, proxyEnv: isDirect ? {} : this.#proxies.forAgent };
    const { Agent: HttpAgent } = openHttp();
    const agent = secure ? new (openHttps().Agent)({ ...options, ...this.#trust }) : new HttpAgent(options);
    this.#agents.set(name, agent);
    return agent;
  }

  /** What kept a request from being answered, told as of whoever it was. */
  #explain(error: unknown, connected: boolean, url: URL, what: string): unknown {
    const secure = url.protocol === "https:";
    const refused = refusalOfProxy(error, this.#proxies, secure) ?? refusalOfCertificate(error, url.host);
    if (refused !== undefined) return refused;
    const told = tellProxyError(error, this.#proxies, secure);
    return faultOfSocket(told === undefined ? error : new Error(told, { cause: error }), connected, what);
  }

  #exchange(request: HttpRequest, url: URL, what: string): Promise<Exchanged> {
    const secure = url.protocol === "https:";
    const send = secure ? openHttps().request : openHttp().request;
    return new Promise((resolve, reject) => {
      let connected = false;
      const outgoing = send(url, {
        method: request.method,
        agent: this.#agentFor(url),
        headers: { "accept-encoding": "gzip", ...request.headers, ...lengthOf(request.body) },
      });
      const fail = (error: unknown) => {
        outgoing.destroy();
        reject(request.signal?.aborted === true ? request.signal.reason : this.#explain(error, connected, url, what));
      };
      const connectTimer = setTimeout(() => fail(new Error("no connection within 10 s")), connectTimeoutMs);
      outgoing.on("socket", (socket) => {
        const ready = () => {
          connected = true;
          clearTimeout(connectTimer);
        };
        if (socket.connecting) socket.once(secure ? "secureConnect" : "connect", ready);
        else ready();
      });
      outgoing.setTimeout(idleTimeoutMs, () => fail(new Error(`no answer within ${idleTimeoutMs / 1000} s`)));
      outgoing.on("error", fail);
      outgoing.on("close", () => clearTimeout(connectTimer));
      const abort = () => fail(request.signal?.reason);
      request.signal?.addEventListener("abort", abort, { once: true });
      outgoing.on("close", () => request.signal?.removeEventListener("abort", abort));
      outgoing.on("response", (answer) => {
        // Answered before all was sent: nobody will read the rest of the body.
        answer.once("close", () => outgoing.writableFinished || outgoing.destroy());
        resolve({ answer, isSent: () => outgoing.writableFinished });
      });
      sendBody(request.body, outgoing, fail);
    });
  }
}

/** The authorities of a file beside those that Node trusts, among them NODE_EXTRA_CA_CERTS. */
function trustedWith(file: string): string[] {
  const { getCACertificates } = process.getBuiltinModule("node:tls");
  return [...getCACertificates("default"), ...readAuthorities(file).map(({ pem }) => pem)];
}

/** Names of codings have no case, and gzip has two (RFC 9110, 8.4.1). */
export function isZipped({ headers }: { headers: Record<string, string | string[] | undefined> }): boolean {
  return /^(x-)?gzip$/i.test(String(headers["content-encoding"] ?? ""));
}

function lengthOf(body: HttpRequest["body"]): Record<string, string> {
  return body === undefined ? {} : { "content-length": String(bytesOf(body)) };
}

function bytesOf(body: HttpRequest["body"]): number {
  if (body === undefined) return 0;
  if (typeof body === "string") return Buffer.byteLength(body);
  const { bytes, before = "", after = "" } = body;
  return Buffer.byteLength(before) + bytes + Buffer.byteLength(after);
}

function sendBody(body: HttpRequest["body"], outgoing: NodeJS.WritableStream, fail: (error: unknown) => void): void {
  if (body === undefined || typeof body === "string") {
    outgoing.end(body ?? "");
    return;
  }
  let sent = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      body.onBytes?.(sent);
      done(null, chunk);
    },
  });
  const file = createReadStream(body.path, { highWaterMark: 256 * 1024 });
  file.on("error", fail);
  outgoing.once("close", () => file.destroy());
  if (body.before !== undefined) outgoing.write(body.before);
  file.pipe(count).pipe(outgoing, { end: false });
  count.once("end", () => outgoing.end(body.after ?? ""));
}

async function readSome(answer: Readable, isGzip: boolean): Promise<string> {
  const stream = isGzip ? pipeline(answer, createGunzip(), () => undefined) : answer;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (bytes > errorBodyBytesMax) break;
    }
  } catch {
    // The status alone says enough.
  }
  answer.destroy();
  return Buffer.concat(chunks).toString("utf8");
}

/** Reads an answer's text. An answer that breaks off is unknown. */
export async function readText(response: HttpResponse, what: string): Promise<string> {
  return (await readBytes(response, what)).toString("utf8");
}

async function readBytes(response: HttpResponse, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response.body) chunks.push(chunk);
  } catch (error) {
    throw faultOfSocket(error, true, what);
  }
  return Buffer.concat(chunks);
}

/** Reads an answer's JSON. Text that is no JSON (a proxy's page), or whose bytes are not UTF-8, is unknown. */
export async function readJson(response: HttpResponse, what: string): Promise<unknown> {
  const bytes = await readBytes(response, what);
  const text = bytes.toString("utf8");
  try {
    if (isUtf8(bytes)) return parseExactly(text);
  } catch {
    // It is told below.
  }
  throw strangeAnswer(response, text, what);
}

/** A number that JavaScript's may not hold; where one stands in a text it costs no more than a second look. */
const longNumber = /[:[,]\s*-?[0-9][0-9.eE+-]{15,}/;

/** JSON, with numbers that JavaScript would round as their text. */
function parseExactly(text: string): unknown {
  return longNumber.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

function keepDigits(_key: string, value: unknown, { source }: { source?: string } = {}): unknown {
  if (typeof value !== "number" || source === undefined || source.length <= 15) return value;
  return String(value) === source ? value : source;
}

/** An answer that the system itself would not give (a proxy's page): whether the request got through is unknown. */
export function strangeAnswer(response: Pick<HttpResponse, "status">, text: string, what: string): CallFault {
  const body = redactAnswer(text);
  return new CallFault(`${what}: HTTP ${response.status} with a strange answer: ${body.slice(0, 120)}`, {
    outcome: "unknown",
    transient: true,
    status: response.status,
    body: body.slice(0, 1000),
  });
}
