// The address of a MySQL or MariaDB database as connections.yaml has it: mysql://host:port/database, or the server's socket in
// place of the host, percent-encoded: mysql://%2Frun%2Fmysqld%2Fmysqld.sock/database
// (https://dev.mysql.com/doc/refman/8.4/en/connecting-using-uri-or-key-value-pairs.html).

export interface MysqlAddress {
  /** A name or an address, or an absolute path: the server's socket. */
  host: string;
  port: number;
  database: string;
}

const usualPort = 3306;
const expected = "expected mysql://host:port/database";

/** What is wrong with the text, or the address that it is. */
export function readMysqlUrl(text: string): { address: MysqlAddress } | { problem: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["mysql:", "mariadb:"].includes(url.protocol) || url.hostname === "") {
    return { problem: expected };
  }
  if (url.password !== "") {
    return { problem: "a password in a URL is shown to whoever sees the URL: write it below `auth`" };
  }
  if (url.username !== "") return { problem: "the user stands below `auth`, not in the URL" };
  if (url.search !== "" || url.hash !== "") {
    const tls = "TLS is always on and verified, but on this machine";
    return { problem: `the URL ends with the database: parameters such as ssl-mode have no effect (${tls})` };
  }
  const [database = "", ...rest] = url.pathname.slice(1).split("/");
  if (database === "" || rest.length > 0) return { problem: expected };
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1");
  return {
    address: { host, port: url.port === "" ? usualPort : Number(url.port), database: decodeURIComponent(database) },
  };
}

export function isSocket({ host }: MysqlAddress): boolean {
  return host.startsWith("/");
}
