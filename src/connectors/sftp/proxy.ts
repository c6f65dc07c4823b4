// The proxy that a connection over SFTP goes through, as connections.yaml names it: socks5:// or http:// (CONNECT). What must
// hold: no password stands in the file, and none is shown.

import { usageFailure } from "../../core/errors.ts";
import { registerSecret } from "../../core/secret.ts";
import type { ConnectionScope } from "../../job/connection-type.ts";
import { expandReferences } from "../../job/references.ts";

export interface SftpProxy {
  kind: "socks5" | "http";
  host: string;
  port: number;
  user?: string;
  password?: string;
  /** As messages name it. */
  shown: string;
}

const usualPorts = { socks5: 1080, http: 80 } as const;
const expected = "proxy: expected socks5://host:port or http://host:port";

/** What is wrong with one that holds no reference, without quoting it. */
export function findProxyProblem(written: string): string | undefined {
  if (!written.includes("${")) {
    const read = readProxyUrl(written);
    if ("problem" in read) return read.problem;
    return read.proxy.password === undefined ? undefined : literalPassword;
  }
  return /\/\/[^/@]*:[^$@/][^@/]*@/.test(written) ? literalPassword : undefined;
}

const literalPassword = `proxy: a password does not stand in this file: socks5://user:\${PROXY_PASSWORD}@host:1080`;

/** Throws a Failure (2) if it is none, or holds a reference to an unset variable. */
export function readSftpProxy(written: string, scope: ConnectionScope): SftpProxy {
  const place = scope.placeAt(["proxy"]);
  const read = readProxyUrl(expandReferences(written, scope.environment, place, scope.folder));
  if ("problem" in read) throw usageFailure(read.problem, { where: place });
  const { password } = read.proxy;
  if (password !== undefined) registerSecret(password);
  return read.proxy;
}

function readProxyUrl(text: string): { proxy: SftpProxy } | { problem: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const kind = url?.protocol.slice(0, -1);
  const isPlain = url !== undefined && ["", "/"].includes(url.pathname) && url.search === "" && url.hash === "";
  if (url === undefined || (kind !== "socks5" && kind !== "http") || url.hostname === "" || !isPlain) {
    return { problem: expected };
  }
  const port = url.port === "" ? usualPorts[kind] : Number(url.port);
  const [user, password] = [decode(url.username), decode(url.password)];
  if (user === undefined || password === undefined) {
    return { problem: "proxy: in user and password special characters are written as in every URL, % as %25" };
  }
  return {
    proxy: {
      kind,
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port,
      ...(user === "" ? {} : { user }),
      ...(password === "" ? {} : { password }),
      shown: `${kind}://${url.hostname}:${port}`,
    },
  };
}

/** Undefined where a % begins no character. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
