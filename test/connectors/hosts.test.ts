// Where a session may be sent, whatever an answer says.

import { describe, expect, test } from "vitest";
import { urlAt } from "../../src/connectors/kit/fence.ts";
import type { SalesforceConnection } from "../../src/connectors/salesforce/connection.ts";
import { checkInstance } from "../../src/connectors/salesforce/hosts.ts";

function connection(loginUrl: string): SalesforceConnection {
  return { name: "org", loginUrl, place: { file: "connections.yaml", line: 3 } } as unknown as SalesforceConnection;
}

describe("the instance of a sign-in", () => {
  test.each([
    ["https://login.salesforce.com", "https://acme.my.salesforce.com", "https://acme.my.salesforce.com"],
    [
      "https://acme.my.salesforce.com",
      "https://acme--uat.sandbox.my.salesforce.com/",
      "https://acme--uat.sandbox.my.salesforce.com",
    ],
    ["https://sf-proxy.acme.example:8443", "https://sf-proxy.acme.example:8443", "https://sf-proxy.acme.example:8443"],
    ["http://localhost:8025", "http://127.0.0.1:8025", "http://127.0.0.1:8025"],
  ])("by %s may be %s", (login, instance, origin) => {
    expect(checkInstance(instance, connection(login))).toBe(origin);
  });

  test.each([
    ["https://login.salesforce.com", "https://salesforce.com.evil.example"],
    ["https://login.salesforce.com", "https://evilsalesforce.com"],
    ["https://login.salesforce.com", "http://acme.my.salesforce.com"],
    ["https://login.salesforce.com", "http://127.0.0.1:8025"],
    ["https://sf-proxy.acme.example", "https://sf-proxy.acme.example:444"],
    ["https://acme.my.salesforce.com", "https://acme.my.salesforce.com@evil.example"],
    ["http://127.0.0.1:8025", "http://evil.example"],
    ["https://login.salesforce.com", "acme"],
    ["https://login.salesforce.com", ""],
  ])("by %s is never %s", (login, instance) => {
    expect(() => checkInstance(instance, connection(login))).toThrow("names a host that is not Salesforce's");
  });
});

describe("a page that an answer names", () => {
  const instance = "https://acme.my.salesforce.com";
  const org = connection(instance);

  test.each([
    ["/services/data/v66.0/query/01g-2000", `${instance}/services/data/v66.0/query/01g-2000`],
    [`${instance}/services/data/v66.0/query/01g-2000`, `${instance}/services/data/v66.0/query/01g-2000`],
  ])("is fetched where it is the org's: %s", (path, url) => {
    expect(urlAt(instance, path, org)).toBe(url);
  });

  test.each([
    "https://evil.example/services/data/v66.0/query/01g-2000",
    "http://acme.my.salesforce.com/services/data",
    "https://acme.my.salesforce.com.evil.example/",
    "https://acme.my.salesforce.com@evil.example/",
    "undefined",
    "",
  ])("is refused where it is not: %s", (path) => {
    expect(() => urlAt(instance, path, org)).toThrow("points to a page elsewhere");
  });

  test("that looks like another host is a path of the org's", () => {
    expect(new URL(urlAt(instance, "//evil.example/x", org)).host).toBe("acme.my.salesforce.com");
  });
});
