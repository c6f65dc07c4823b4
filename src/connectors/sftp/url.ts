// The address of an SFTP server as connections.yaml has it: sftp://user@host:port/folder.

export interface SftpAddress {
  user: string;
  host: string;
  port: number;
  /** Absolute; without one, where the server puts the user. */
  folder?: string;
}

const usualPort = 22;

/** What is wrong with the text, or the address that it is. */
export function readSftpUrl(text: string): { address: SftpAddress } | { problem: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "sftp:" || url.hostname === "") return { problem: "expected sftp://user@host:port" };
  if (url.password !== "")
    return { problem: "a password in a URL is shown to whoever sees the URL: write it below `auth`" };
  if (url.username === "") return { problem: "the URL names no user: sftp://user@host:port" };
  if (url.search !== "" || url.hash !== "")
    return { problem: "the URL ends with its folder: sftp://user@host:port/folder" };
  const folder = decodeURIComponent(url.pathname).replace(/\/+$/, "");
  return {
    address: {
      user: decodeURIComponent(url.username),
      // An IPv6 address stands in brackets in a URL and nowhere else.
      host: url.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase(),
      port: url.port === "" ? usualPort : Number(url.port),
      ...(folder === "" ? {} : { folder }),
    },
  };
}
