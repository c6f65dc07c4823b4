// Where credentials are sent: over TLS, or to this machine, where the sandbox listens.

import { isIP } from "node:net";

/** What is wrong with a login_url, without quoting it. */
export function findLoginUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return "login_url is not a URL";
  const url = new URL(text);
  if (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))) {
    if (url.username !== "" || url.password !== "") return "login_url holds a user name or password";
    return url.pathname === "/" && url.search === "" && url.hash === "" ? undefined : "login_url must not have a path";
  }
  return "login_url must be https (http only on loopback)";
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
}
