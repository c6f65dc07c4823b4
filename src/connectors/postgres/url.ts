// The address of a PostgreSQL database as connections.yaml has it: postgres://host:port/database, or a folder with the
// server's socket in place of the host, percent-encoded as in libpq: postgres://%2Fvar%2Frun%2Fpostgresql/database
// (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS).

export interface PostgresAddress {
  /** A name or an address, or an absolute path: the folder with the server's socket. */
  host: string;
  port: number;
  database: string;
}

const usualPort = 5432;
const expected = "expected postgres://host:port/database";

/** What is wrong with the text, or the address that it is. */
export function readPostgresUrl(text: string): { address: PostgresAddress } | { problem: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["postgres:", "postgresql:"].includes(url.protocol) || url.hostname === "") {
    return { problem: expected };
  }
  if (url.password !== "") {
    return { problem: "a password in a URL is shown to whoever sees the URL: write it below `auth`" };
  }
  if (url.username !== "") return { problem: "the user stands below `auth`, not in the URL" };
  if (url.search !== "" || url.hash !== "") {
    const tls = "TLS is always on and verified, but on this machine";
    return { problem: `the URL ends with the database: parameters such as sslmode have no effect (${tls})` };
  }
  const [database = "", ...rest] = url.pathname.slice(1).split("/");
  if (database === "" || rest.length > 0) return { problem: expected };
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1");
  return {
    address: { host, port: url.port === "" ? usualPort : Number(url.port), database: decodeURIComponent(database) },
  };
}

export function isSocket({ host }: PostgresAddress): boolean {
  return host.startsWith("/");
}
