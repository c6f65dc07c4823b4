// Where credentials are sent: over TLS, or to this machine, where the sandbox listens; and to a host that takes the flow.

import { isIP } from "node:net";
import type { SalesforceAuth } from "./job.ts";

/** The hosts that sign in to any org, and are none themselves. */
const sharedHosts = new Set(["login.salesforce.com", "test.salesforce.com"]);

/** What is wrong with a login_url, without quoting it. */
export function findLoginUrlProblem(text: string, flow: SalesforceAuth["kind"]): string | undefined {
  return findOriginProblem("login_url", text) ?? findHostProblem(new URL(text).hostname, flow);
}

/** What is wrong with a base_url, without quoting it. */
export function findBaseUrlProblem(text: string): string | undefined {
  return findOriginProblem("base_url", text);
}

function findOriginProblem(key: string, text: string): string | undefined {
  if (!URL.canParse(text)) return `${key} is not a URL`;
  const url = new URL(text);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname))) {
    return `${key} must be https (http only on loopback)`;
  }
  if (url.username !== "" || url.password !== "") return `${key} holds a user name or password`;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return `${key} must not have a path`;
  return undefined;
}

function findHostProblem(host: string, flow: SalesforceAuth["kind"]): string | undefined {
  if (/\.lightning\.force\.com$|\.(my\.)?salesforce-setup\.com$/.test(host)) {
    return "login_url is the host of Salesforce's pages; the org's My Domain ends in .my.salesforce.com";
  }
  if (!sharedHosts.has(host)) return undefined;
  if (flow === "access_token") return "with access_token, login_url is the org's instance or My Domain";
  // https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
  return flow === "client_credentials" ? "with client_credentials, login_url is the org's My Domain" : undefined;
}

/** This machine, where the sandbox listens. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
}
