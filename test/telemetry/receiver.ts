// An HTTP server that keeps what it is sent.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

interface Received {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** `answer` may be changed while it runs. */
export async function startReceiver(answer: { status: number; body: string }) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      received.push({ path: request.url ?? "", headers: request.headers, text });
      response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { received, origin, answer, [Symbol.dispose]: () => void server.close() };
}
