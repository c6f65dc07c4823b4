// The address of a database server as connections.yaml has it: scheme://host:port/database, or a socket's path in place of
// the host, percent-encoded. In: the text, and how a kind of database writes it. Out: the address, or what is wrong.

export interface DatabaseAddress {
  /** A name or an address, or an absolute path: a socket, or its folder. */
  host: string;
  port: number;
  database: string;
}

export interface UrlDialect {
  /** The first is the one that people are told. */
  schemes: readonly string[];
  usualPort: number;
  /** A parameter that people may try. */
  parameter: string;
}

export function readDatabaseUrl(
  text: string,
  { schemes, usualPort, parameter }: UrlDialect,
): { address: DatabaseAddress } | { problem: string } {
  const expected = `expected ${schemes[0]}://host:port/database`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !schemes.includes(url.protocol.slice(0, -1)) || url.hostname === "") {
    return { problem: expected };
  }
  if (url.password !== "") {
    return { problem: "a password in a URL is shown to whoever sees the URL: write it below `auth`" };
  }
  if (url.username !== "") return { problem: "the user stands below `auth`, not in the URL" };
  if (url.search !== "" || url.hash !== "") {
    const tls = "TLS is always on and verified, but on this machine";
    return { problem: `the URL ends with the database: parameters such as ${parameter} have no effect (${tls})` };
  }
  const [database = "", ...rest] = url.pathname.slice(1).split("/");
  if (database === "" || rest.length > 0) return { problem: expected };
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1");
  return {
    address: { host, port: url.port === "" ? usualPort : Number(url.port), database: decodeURIComponent(database) },
  };
}

export function isSocket({ host }: DatabaseAddress): boolean {
  return host.startsWith("/");
}
