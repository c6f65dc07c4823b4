// The HTTP side that all simulated systems share: one server on loopback a system.
// In: a site (its routes and its own way to say that something went wrong) and the faults in force. Out: an origin.
// Must hold: a fault decides before, instead of or after the site's work, never inside it; an answer exists as a
// value before a byte of it is sent, so "it took effect, but the caller never heard" is exact.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip, constants as zlib } from "node:zlib";
import { wait } from "../core/clock.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { now, type SandboxClock } from "./clock.ts";
import type { FaultAction, Faults } from "./faults.ts";
import { bodyOf } from "./request-body.ts";
import { type Answer, findRoute, normalisePath, type Route } from "./routes.ts";

export interface Site {
  routes: readonly Route[];
  /** Characters of a path with its query, beyond which the answer is 414. Without one, the server's own limit. */
  urlLengthMax?: number;
  /** The vendor's own answer to an error that a route threw. */
  answerError(error: unknown): Answer;
  /** The vendor's own body for a status that a fault asks for without saying what to send. */
  answerStatus(status: number): Answer;
  /** Counts a request under its method and path template. */
  count(call: string): void;
}

export interface Listening {
  /** For example http://127.0.0.1:8025 */
  origin: string;
  close(): Promise<void>;
}

const controlPrefix = "/__sandbox";
const compressFromBytes = 1024;
/** Above each site's own limit, so that an over-long URL gets the site's answer and not the server's. */
const headerBytesMax = 64 * 1024;
const dripsPerSecond = 20;

/** Serves a site on 127.0.0.1; port 0 takes a free one. Rejects with a Failure when the port is taken. */
export async function listen(site: Site, port: number, faults: Faults, clock: SandboxClock): Promise<Listening> {
  const server = createServer({ maxHeaderSize: headerBytesMax }, (message, response) => {
    clock.run(() => serve(site, faults, message, response)).catch(() => message.socket.destroy());
  });
  // Uploads may take long and pooled connections may idle: neither is an error of the client.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  await bind(server, port);
  const address = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${address.port}`, close: () => closeServer(server) };
}

async function serve(site: Site, faults: Faults, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(`http://127.0.0.1${normalisePath((message.url ?? "/").split("?")[0] ?? "/")}`);
  url.search = (message.url ?? "").split("?").slice(1).join("?");
  const control = url.pathname.startsWith(`${controlPrefix}/`);
  const found = findRoute(site.routes, message.method, url.pathname);
  // A request that a fault hits counts too: the caller made it.
  if (!control && found.match !== undefined) site.count(`${message.method} ${found.match.route.template}`);
  const fault = control ? undefined : faults.forRequest(message.method ?? "GET", url.pathname);
  if (fault?.delay_ms !== undefined) await wait(fault.delay_ms);
  if (fault?.reset === "before") return void message.socket.destroy();
  const answer =
    fault?.status !== undefined
      ? faultAnswer(site, fault, fault.status)
      : (message.url ?? "").length > (site.urlLengthMax ?? headerBytesMax)
        ? site.answerStatus(414)
        : await answerOf(site, message, url, found);
  if (fault?.reset === "after") return void message.socket.destroy();
  // An unread body would keep the connection busy for good.
  message.resume();
  await send(answer, fault ?? {}, message, response);
}

async function answerOf(
  site: Site,
  message: IncomingMessage,
  url: URL,
  { match, pathKnown }: ReturnType<typeof findRoute>,
): Promise<Answer> {
  if (match === undefined) return site.answerStatus(pathKnown ? 405 : 404);
  try {
    return await match.route.answer({
      params: match.params,
      query: url.searchParams,
      headers: message.headers,
      body: bodyOf(message),
    });
  } catch (error) {
    // Only the control endpoints fail so: a list of faults that is wrong.
    if (error instanceof Failure) return { status: 400, body: `${error.message}\n${error.why ?? ""}\n` };
    return site.answerError(error);
  }
}

function faultAnswer(site: Site, fault: FaultAction, status: number): Answer {
  const usual = site.answerStatus(status);
  if (fault.body === undefined) return { ...usual, headers: { ...usual.headers, ...fault.headers } };
  const body = typeof fault.body === "string" ? fault.body : JSON.stringify(fault.body);
  return { status, headers: { "Content-Type": "application/json;charset=UTF-8", ...fault.headers }, body };
}

async function send(
  answer: Answer,
  fault: FaultAction,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(answer.status, headersOf(answer, message));
  if (answer.body === undefined) return void response.end();
  const plain = Readable.from(
    typeof answer.body === "string" || Buffer.isBuffer(answer.body) ? [answer.body] : answer.body,
    { objectMode: false },
  );
  const wire = compresses(answer, message) ? plain.pipe(createGzip({ level: zlib.Z_BEST_SPEED })) : plain;
  plain.on("error", (error) => wire.destroy(error));
  if (fault.truncate_after !== undefined || fault.drip !== undefined) {
    await pipeline(wire, (chunks) => disturb(chunks, fault, message), response);
  } else {
    await pipeline(wire, response);
  }
}

async function* disturb(
  chunks: AsyncIterable<Buffer>,
  fault: FaultAction,
  message: IncomingMessage,
): AsyncGenerator<Buffer> {
  let left = fault.truncate_after ?? Number.POSITIVE_INFINITY;
  const step = Math.max(1, Math.floor((fault.drip ?? Number.POSITIVE_INFINITY) / dripsPerSecond));
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length && left > 0; start += step) {
      const piece = chunk.subarray(start, Math.min(start + step, chunk.length, start + left));
      if (fault.drip !== undefined) await wait((1000 * piece.length) / fault.drip);
      left -= piece.length;
      yield piece;
    }
    if (left > 0) continue;
    // Let what is due reach the wire before the connection is cut.
    await wait(20);
    message.socket.destroy();
    return;
  }
}

function headersOf(answer: Answer, message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = { Date: now().toUTCString(), ...answer.headers };
  if (compresses(answer, message)) headers["Content-Encoding"] = "gzip";
  else if (typeof answer.body === "string" || Buffer.isBuffer(answer.body))
    headers["Content-Length"] = String(Buffer.byteLength(answer.body));
  else if (answer.body === undefined && answer.status !== 204) headers["Content-Length"] = "0";
  return headers;
}

// A streamed answer has no known length: it is long enough.
function compresses(answer: Answer, message: IncomingMessage): boolean {
  if (answer.body === undefined || !/\bgzip\b/.test(String(message.headers["accept-encoding"] ?? ""))) return false;
  return !(typeof answer.body === "string" || Buffer.isBuffer(answer.body)) || answer.body.length >= compressFromBytes;
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      reject(
        new Failure(exitCode.failed, `the sandbox cannot listen on port ${port}`, {
          why: error.message,
          next: "take another port, or 0 for a free one",
          cause: error,
        }),
      );
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
