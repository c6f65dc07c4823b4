// Where credentials for Salesforce are sent: to a host that takes the flow.

import { findOriginProblem } from "../../job/origin.ts";

/** The hosts that sign in to any org, and are none themselves. */
const sharedHosts = new Set(["login.salesforce.com", "test.salesforce.com"]);

/** What is wrong with a login_url, without quoting it. `flow`: the key below `auth`. */
export function findLoginUrlProblem(text: string, flow: string): string | undefined {
  return findOriginProblem("login_url", text) ?? findHostProblem(new URL(text).hostname, flow);
}

function findHostProblem(host: string, flow: string): string | undefined {
  if (/\.lightning\.force\.com$|\.(my\.)?salesforce-setup\.com$/.test(host)) {
    return "login_url is the host of Salesforce's pages; the org's My Domain ends in .my.salesforce.com";
  }
  if (!sharedHosts.has(host)) return undefined;
  if (flow === "access_token") return "with access_token, login_url is the org's instance or My Domain";
  // https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
  return flow === "client_credentials" ? "with client_credentials, login_url is the org's My Domain" : undefined;
}
