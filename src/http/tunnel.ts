// A tunnel through a proxy for HTTP, by CONNECT (RFC 9110, 9.3.6), for what is not HTTP. In: a connected socket to the proxy.
// Out: the same socket, to where it leads. What must hold: it ends in time, and no byte that follows the answer is lost.

import { request } from "node:http";
import type { Socket } from "node:net";

export class TunnelRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the proxy answered ${status}`);
    this.name = "TunnelRefused";
    this.status = status;
  }
}

export interface TunnelOptions {
  user?: string;
  password?: string;
  msMax: number;
}

export function openTunnel(
  socket: Socket,
  { host, port }: { host: string; port: number },
  { user, password = "", msMax }: TunnelOptions,
): Promise<void> {
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const credentials = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return new Promise((resolve, reject) => {
    const asking = request({
      method: "CONNECT",
      path: authority,
      headers: { host: authority, ...(user === undefined ? {} : { "proxy-authorization": credentials }) },
      createConnection: () => socket,
      signal: AbortSignal.timeout(msMax),
    });
    asking.on("error", reject);
    asking.on("response", ({ statusCode = 0 }) => reject(new TunnelRefused(statusCode)));
    asking.on("connect", ({ statusCode = 0 }, opened, head) => {
      if (statusCode < 200 || statusCode > 299) return reject(new TunnelRefused(statusCode));
      opened.pause();
      if (head.length > 0) opened.unshift(head);
      resolve();
    });
    asking.end();
  });
}
