// A receiver of messages: a server on loopback that remembers what it was sent and, by the path, behaves well or badly.
// In: nothing. Out: its address and its calls. Must hold: no connection to it is left open when it is gone.

import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Call {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface Receiver extends AsyncDisposable {
  origin: string;
  /** In the order in which they came. */
  calls: Call[];
  /** Resolves once a path was called. */
  until(path: string): Promise<void>;
  /** Takes what has come so far away. */
  take(): Call[];
}

/** `/hang…` never answers, `/reset…` cuts the line, `/drip…` never ends its answer, `/status/<n>…` answers so. */
function behave(path: string, response: ServerResponse): void {
  const status = /^\/status\/(\d+)/.exec(path)?.[1];
  if (path.startsWith("/hang")) return;
  if (path.startsWith("/reset")) response.destroy();
  else if (path.startsWith("/drip")) response.writeHead(200).write("o");
  else if (path.startsWith("/redirect")) response.writeHead(302, { location: "/landed" }).end();
  else
    response
      .writeHead(Number(status ?? 200), status === "429" ? { "retry-after": "600" } : {})
      .end(status === undefined ? "ok" : `no such thing as ${path}`);
}

export async function startReceiver(): Promise<Receiver> {
  const calls: Call[] = [];
  const came = new EventEmitter();
  const server = createServer((request, response) => {
    const { method = "", url: path = "", headers } = request;
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      calls.push({ method, path, headers, body });
      came.emit(path);
      behave(path, response);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async until(path) {
      if (!calls.some((call) => call.path === path)) await once(came, path);
    },
    take: () => calls.splice(0),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
