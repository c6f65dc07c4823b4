// This machine, where the sandbox listens.

import { isIP } from "node:net";

/** Whether a host, as a URL has it, is this machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** Whether a host is an address, and no name. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0;
}
