// A forward proxy as companies have one: CONNECT for what is encrypted, whole URLs for what is not. It counts, wants a
// password where it is told to, and leads every host to the ports that a test names.

import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";

export interface ForwardProxy extends AsyncDisposable {
  origin: string;
  port: number;
  /** `CONNECT host:port`, or `GET http://…`, as it was asked. */
  asked: string[];
  /** The `Proxy-Authorization` of each. */
  credentials: (string | undefined)[];
  /** Answers every request with this status, and opens no tunnel; undefined: it works. */
  refuse(status: number | undefined): void;
}

/** `ports`: by host, where the test has a server that plays it. */
export async function startForwardProxy(ports: Record<string, number>): Promise<ForwardProxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  let refusal: number | undefined;
  const note = (what: string, header: string | undefined) => {
    asked.push(what);
    credentials.push(header);
  };
  const server = createServer((incoming, answer) => {
    note(`${incoming.method} ${incoming.url}`, incoming.headers["proxy-authorization"]);
    const url = new URL(incoming.url ?? "");
    if (refusal !== undefined) {
      answer.writeHead(refusal).end("the proxy's page");
      return;
    }
    const { method, headers } = incoming;
    const forwarded = request(
      { host: "127.0.0.1", port: ports[url.hostname], path: url.pathname, method, headers },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      },
    );
    incoming.pipe(forwarded);
  });
  const open = new Set<{ destroy(): void }>();
  server.on("connect", (incoming, socket, head: Buffer) => {
    note(`CONNECT ${incoming.url}`, incoming.headers["proxy-authorization"]);
    open.add(socket);
    socket.on("error", () => socket.destroy());
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal} Refused\r\nContent-Length: 16\r\n\r\nthe proxy's page`);
      return;
    }
    const host = incoming.url?.split(":")[0] ?? "";
    const onward = connect(ports[host] ?? 1, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    open.add(onward);
    onward.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    asked,
    credentials,
    refuse(status) {
      refusal = status;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
