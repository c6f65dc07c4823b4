// A server between loadline and a sandbox, for what the sandbox's faults can't say: an answer in the middle of an
// upload, an endpoint that it lacks, what was asked. In: a function that may answer a request itself. Out: an origin.

import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a request and gives true, or leaves it to the sandbox. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export interface Relay extends AsyncDisposable {
  origin: string;
}

/** Addresses of the sandbox in its answers become those of the relay. */
export async function startRelay(target: string, intercept: Intercept): Promise<Relay> {
  const server = createServer(async (request, response) => {
    if (await intercept(request, response)) return;
    const options = { method: request.method, headers: { ...request.headers, "accept-encoding": "identity" } };
    const outgoing = forward(`${target}${request.url}`, options, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const { "content-length": _, ...headers } = answer.headers;
      const isJson = headers["content-type"]?.includes("json") === true;
      const body = Buffer.concat(chunks);
      response.writeHead(answer.statusCode ?? 502, headers);
      response.end(isJson ? body.toString("utf8").replaceAll(target, origin) : body);
    });
    outgoing.on("error", () => response.destroy());
    request.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The whole body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

export function answerJson(response: ServerResponse, status: number, body: unknown): true {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  return true;
}
