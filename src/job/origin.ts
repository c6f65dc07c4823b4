// Where credentials are sent: over TLS, or to this machine, where the sandbox listens.

import { isLoopback } from "../core/loopback.ts";

/** What is wrong with an address that is a host and nothing more, without quoting it. `key`: as connections.yaml has it. */
export function findOriginProblem(key: string, text: string): string | undefined {
  if (!URL.canParse(text)) return `${key} is not a URL`;
  const url = new URL(text);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) {
    return `${key} must be https (http only on loopback)`;
  }
  if (url.username !== "" || url.password !== "") return `${key} holds a user name or password`;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return `${key} must not have a path`;
  return undefined;
}
