// A line to a server through a proxy. In: the proxy, where to. Out: a socket on which nothing was said yet. What must hold:
// it ends in time; what the proxy would not do is told as the proxy's; the first bytes of the server are not lost.

import { once } from "node:events";
import { SocksClient } from "socks";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { CallFault } from "../../http/outcome.ts";
import { connectSocket } from "../../http/socket.ts";
import { openTunnel, TunnelRefused } from "../../http/tunnel.ts";
import type { SftpConnection } from "./connection.ts";
import type { SftpProxy } from "./proxy.ts";

const connectMsMax = 10_000;

type Socket = ReturnType<typeof connectSocket>;

/** Throws a Failure (8) where the proxy lets nobody through like this, and a CallFault for what may pass. */
export async function openThroughProxy({ name, address, place }: SftpConnection, proxy: SftpProxy): Promise<Socket> {
  const { host, port } = address;
  const socket = connectSocket(proxy.host, proxy.port);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(connectMsMax) });
    if (proxy.kind === "socks5") await askSocks(socket, proxy, { host, port });
    else await openTunnel(socket, { host, port }, { ...proxy, msMax: connectMsMax });
    return socket;
  } catch (error) {
    socket.destroy();
    const told = tell(error);
    const what = `the proxy ${proxy.shown} of connection ${name} ${told.text}`;
    if (!told.isFinal) throw new CallFault(what, { outcome: "refused", transient: true, cause: error });
    throw new Failure(exitCode.signIn, what, {
      where: place,
      next: "check user and password in `proxy`, and that its owner allows the server's host and port",
    });
  }
}

/** The proxy looks the host up, as it may be known there only. */
async function askSocks(socket: Socket, proxy: SftpProxy, destination: { host: string; port: number }): Promise<void> {
  await SocksClient.createConnection({
    proxy: {
      host: proxy.host,
      port: proxy.port,
      type: 5,
      ...(proxy.user === undefined ? {} : { userId: proxy.user, password: proxy.password ?? "" }),
    },
    command: "connect",
    destination,
    existing_socket: socket,
    timeout: connectMsMax,
  });
  await keepEarly(socket);
}

/** An SSH server speaks first: the library gives on what came with the proxy's answer to whoever listens a turn later. */
async function keepEarly(socket: Socket): Promise<void> {
  const early: Buffer[] = [];
  const keep = (chunk: Buffer) => early.push(chunk);
  socket.on("data", keep);
  await new Promise((resolve) => setImmediate(resolve));
  socket.off("data", keep);
  socket.pause();
  for (const chunk of early.toReversed()) socket.unshift(chunk);
}

/** `isFinal`: asking again mends nothing. */
function tell(error: unknown): { text: string; isFinal: boolean } {
  if (error instanceof TunnelRefused) {
    const { status } = error;
    return { text: `answered ${status}`, isFinal: status >= 400 && status < 500 };
  }
  const message = error instanceof Error ? error.message : String(error);
  const isFinal = /Authentication failed|no accepted authentication|NotAllowed/.test(message);
  const isLate = error instanceof Error && ["AbortError", "TimeoutError"].includes(error.name);
  return { text: isLate ? "does not answer" : `opened no way: ${message}`, isFinal };
}
