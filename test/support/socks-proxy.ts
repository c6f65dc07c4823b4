// A SOCKS5 proxy (RFC 1928, RFC 1929) with user and password. It sends the first bytes of the server in one piece with its
// own answer, as a proxy may.

import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface SocksProxy extends AsyncDisposable {
  port: number;
  /** `host:port` as it was asked for. */
  asked: string[];
}

/** `ports`: by host. */
export async function startSocksProxy(
  ports: Record<string, number>,
  { user, password }: { user: string; password: string },
): Promise<SocksProxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("data", () => {
      socket.write(Buffer.from([5, 2]));
      socket.once("data", (given: Buffer) => {
        const userEnd = 2 + (given[1] ?? 0);
        const isRight =
          given.subarray(2, userEnd).toString() === user && given.subarray(userEnd + 1).toString() === password;
        socket.write(Buffer.from([1, isRight ? 0 : 1]));
        if (!isRight) socket.end();
        else socket.once("data", (request: Buffer) => carryOn(socket, request));
      });
    });
  });
  const carryOn = (socket: Socket, request: Buffer) => {
    const length = request[4] ?? 0;
    const host = request[3] === 3 ? request.subarray(5, 5 + length).toString() : "an address";
    asked.push(`${host}:${request.readUInt16BE(request.length - 2)}`);
    const onward = connect(ports[host] ?? 1, "127.0.0.1");
    open.add(onward);
    onward.on("error", () => socket.end(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])));
    onward.once("data", (first: Buffer) => {
      socket.write(Buffer.concat([Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]), first]));
      onward.pipe(socket).pipe(onward);
    });
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
