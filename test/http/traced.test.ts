import { expect, test } from "vitest";
import { showPath } from "../../src/http/traced.ts";

const origin = "https://acme.test";

test.each([
  ["/crm/v3/objects/contacts?limit=100&after=5512&properties=email,lastname", "the same"],
  ["/services/data/v66.0/jobs/query/750x/results?locator=MTAwMDA-&maxRecords=50000", "the same"],
  [
    "/oauth?access_token=abc&client_secret=x&code=1&hapikey=2&ok=3",
    "/oauth?access_token=…&client_secret=…&code=…&hapikey=…&ok=3",
  ],
  ["/find?q=ada@acme.test", "/find?q=…"],
  [
    `/query?q=${encodeURIComponent("SELECT Id FROM Contact WHERE Email IN ('a\\'b@x.test', 'c') AND Amount__c = 12.5")}`,
    "/query?q=SELECT Id FROM Contact WHERE Email IN (…) AND Amount__c = …",
  ],
  [
    `/query?q=${encodeURIComponent("SELECT Id FROM Contact WHERE Name LIKE 'Ada%' AND Born__c>=1815-12-10 AND (Score__c IN (1, 2))")}`,
    "/query?q=SELECT Id FROM Contact WHERE Name LIKE … AND Born__c>= … AND (Score__c IN (…))",
  ],
])("of %s is shown: %s", (path, shown) => {
  expect(showPath(new URL(path, origin))).toBe(shown === "the same" ? path : shown);
});
