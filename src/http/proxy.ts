// The proxy between this machine and the systems, as the usual variables name it. In: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in
// lower case too. Out: what Node's agents take. What must hold: this machine is never reached through a proxy; what Node
// would pass over without a word (another scheme, none, a Node that knows no proxies) is refused; no credential is shown.

import { Failure, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { registerSecret } from "../core/secret.ts";

export interface Proxies {
  /**
   * For `proxyEnv` of an agent: https://nodejs.org/docs/latest-v24.x/api/http.html#built-in-proxy-support (from 24.5 on).
   * NO_PROXY is matched by Node.
   */
  forAgent: Record<string, string>;
  /** What is set, without credentials. */
  told: readonly { variable: string; address: string }[];
}

const oldestNode: readonly [number, number] = [24, 5];

/** Throws a Failure (2) that names the variable which holds no proxy. */
export function readProxies(
  environment: Readonly<Record<string, string | undefined>>,
  node = process.versions.node,
): Proxies {
  const forAgent: Record<string, string> = {};
  const told: { variable: string; address: string }[] = [];
  for (const name of ["HTTPS_PROXY", "HTTP_PROXY"]) {
    const variable = nameOf(name, environment);
    const value = environment[variable] ?? "";
    if (value === "") continue;
    told.push({ variable, address: readAddress(variable, value).origin });
    forAgent[name] = value;
  }
  if (told.length === 0) return { forAgent, told };
  refuseOldNode(told[0]?.variable ?? "", node);
  const except = nameOf("NO_PROXY", environment);
  const value = environment[except] ?? "";
  if (value === "") return { forAgent, told };
  return { forAgent: { ...forAgent, NO_PROXY: value }, told: [...told, { variable: except, address: value }] };
}

/** As Node and curl: in lower case it counts first. */
function nameOf(name: string, environment: Readonly<Record<string, string | undefined>>): string {
  const lower = name.toLowerCase();
  return (environment[lower] ?? "") === "" ? name : lower;
}

function readAddress(variable: string, value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isPlain = url !== undefined && ["", "/"].includes(url.pathname) && url.search === "" && url.hash === "";
  const credentials = url === undefined ? undefined : decodeCredentials(url);
  const isHttp = url !== undefined && ["http:", "https:"].includes(url.protocol) && url.hostname !== "";
  if (!isHttp || !isPlain || credentials === undefined) {
    throw usageFailure(`${variable} holds no proxy for HTTP`, {
      why: "expected http://host:port, with http:// or https:// before it, and user:password@ where it wants them, in both special characters as in every URL, % as %25",
      next: `correct it, or unset ${variable}`,
    });
  }
  const { user, password } = credentials;
  // In whatever writing: as it is set, as it is sent.
  if (password !== "") for (const secret of [url.password, password, `${user}:${password}`]) registerSecret(secret);
  return url;
}

/** Undefined where a % begins no character. */
function decodeCredentials({ username, password }: URL): { user: string; password: string } | undefined {
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return undefined;
  }
}

function refuseOldNode(variable: string, node: string): void {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new Failure(exitCode.failed, `${variable} is set, and Node ${node} would pass it over`, {
    next: `use Node ${oldestMajor}.${oldestMinor} or newer, or unset ${variable}`,
  });
}

/** What Node says where the proxy did not open a tunnel. */
interface TunnelError {
  code?: string;
  statusCode?: number;
  address?: string;
  hostname?: string;
  port?: number;
}

/** In the words of a message: "the proxy http://proxy:3128 answered 502"; undefined where it was not the proxy. */
export function tellProxyError(error: unknown, { forAgent, told }: Proxies, isSecure: boolean): string | undefined {
  const { code, statusCode, address, hostname, port } = error as TunnelError;
  const name = isSecure ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = told.find(({ variable }) => variable.toUpperCase() === name);
  if (proxy === undefined || forAgent[name] === undefined) return undefined;
  const who = `the proxy ${proxy.address} (${proxy.variable})`;
  if (code === "ERR_PROXY_TUNNEL") {
    return statusCode === undefined ? `${who} opened no tunnel` : `${who} answered ${statusCode}`;
  }
  const url = new URL(proxy.address);
  const isIts = hostname === url.hostname || (address !== undefined && String(port) === portOf(url));
  return isIts ? `${who} can't be reached: ${code}` : undefined;
}

function portOf(url: URL): string {
  return url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
}

/** A proxy that lets nobody through like this: there is no use in asking again. Undefined for what may pass. */
export function refusalOfProxy(error: unknown, proxies: Proxies, isSecure: boolean): Failure | undefined {
  const { statusCode } = error as TunnelError;
  const told = tellProxyError(error, proxies, isSecure);
  if (told === undefined || statusCode === undefined || statusCode < 400 || statusCode >= 500) return undefined;
  if (statusCode === 407) {
    return new Failure(exitCode.signIn, `${told}: it wants a user and a password, or others`, {
      next: "write them into the variable: http://user:password@host:port, special characters as %40 and the like",
    });
  }
  return new Failure(exitCode.signIn, `${told}: it does not let this machine through to there`, {
    next: "ask its owner to allow the system's hosts, or name them in NO_PROXY where they can be reached directly",
  });
}
