// HubSpot's rate limits, with time in the test's hand.

import { beforeEach, expect, test } from "vitest";
import * as clock from "../../src/core/clock.ts";
import { replace } from "../support/replaced.ts";
import { type Account, startAccount } from "./hubspot-account-support.ts";
import { temporaryFolder } from "./support.ts";

/** 19:00 in New York, five hours before the account's day ends. */
const evening = Date.parse("2026-11-21T00:00:00Z");
const time = { at: 0 };

replace(clock, { now: () => new Date(time.at) });

beforeEach(() => {
  time.at = evening;
});

const list = "/crm/v3/objects/contacts";

async function statuses(account: Account, count: number, path = list, bearer?: string): Promise<number[]> {
  const answers = [];
  for (let call = 0; call < count; call += 1) answers.push((await account.call("GET", path, undefined, bearer)).status);
  return answers;
}

const count = (values: readonly number[], wanted: number) => values.filter((value) => value === wanted).length;

test("190 calls in ten seconds, and the window slides", async () => {
  const account = await startAccount();
  expect(count(await statuses(account, 100), 200)).toBe(100);
  time.at += 6_000;
  expect(count(await statuses(account, 95), 200)).toBe(90);
  time.at += 3_999;
  expect(count(await statuses(account, 2), 200)).toBe(0);
  time.at += 1;
  expect(count(await statuses(account, 101), 200)).toBe(100);
});

test("a refusal names its policy, every answer says what is left", async () => {
  const account = await startAccount({ schema: { hubspotLimits: { tenSecondly: 2 } } });
  const first = await account.call("GET", list);
  expect(Object.fromEntries(first.headers)).toMatchObject({
    "x-hubspot-ratelimit-max": "2",
    "x-hubspot-ratelimit-remaining": "1",
    "x-hubspot-ratelimit-interval-milliseconds": "10000",
    "x-hubspot-ratelimit-daily": "625000",
    "x-hubspot-ratelimit-daily-remaining": "624999",
  });
  await account.call("GET", list);
  const refused = await account.call("GET", list);
  expect(refused.status).toBe(429);
  expect(refused.body).toMatchObject({
    status: "error",
    message: "You have reached your ten_secondly_rolling limit.",
    errorType: "RATE_LIMIT",
    policyName: "TEN_SECONDLY_ROLLING",
  });
  expect(refused.headers.get("x-hubspot-ratelimit-remaining")).toBe("0");
  expect(refused.headers.get("retry-after")).toBeNull();
});

test("an OAuth app has a window of its own, of 110 calls, and no daily limit", async () => {
  const account = await startAccount({ schema: { hubspotLimits: { daily: 1 } } });
  const { body } = await account.form("/oauth/v3/token", {
    grant_type: "client_credentials",
    client_id: "sandbox",
    client_secret: "sandbox",
  });
  const bearer = String(body["access_token"]);
  expect(count(await statuses(account, 111, list, bearer), 200)).toBe(110);
  const { headers } = await account.call("GET", list, undefined, bearer);
  expect(headers.get("x-hubspot-ratelimit-max")).toBe("110");
  expect(headers.get("x-hubspot-ratelimit-daily")).toBeNull();
});

test("the day's limit is over at midnight of the account's time zone, and outlives a restart", async () => {
  const dataFolder = temporaryFolder();
  const schema = { hubspotLimits: { daily: 3 } };
  const before = await startAccount({ schema, dataFolder });
  await statuses(before, 2);
  await before.close();
  const account = await startAccount({ schema, dataFolder });
  expect(await statuses(account, 2)).toEqual([200, 429]);
  expect((await account.call("GET", list)).body).toMatchObject({
    message: "You have reached your daily limit.",
    policyName: "DAILY",
  });
  time.at = Date.parse("2026-11-21T04:59:59.999Z");
  expect(await statuses(account, 1)).toEqual([429]);
  time.at += 1;
  expect(await statuses(account, 1)).toEqual([200]);
});

test("what was used of the day is told, with the time of its end", async () => {
  const account = await startAccount({ schema: { hubspotTimeZone: "Europe/Berlin" } });
  await statuses(account, 4);
  const usage = await account.call("GET", "/account-info/v3/api-usage/daily/private-apps");
  expect(usage.body.results).toEqual([
    expect.objectContaining({
      name: "private-apps-api-calls-daily",
      usageLimit: 625_000,
      currentUsage: 5,
      fetchStatus: "SUCCESS",
      resetsAt: "2026-11-21T23:00:00Z",
    }),
  ]);
  const details = await account.call("GET", "/account-info/2026-03/details");
  expect(details.body).toMatchObject({
    portalId: 20_261_120,
    timeZone: "Europe/Berlin",
    utcOffset: "+01:00",
    utcOffsetMilliseconds: 3_600_000,
    uiDomain: "app.hubspot.com",
    dataHostingLocation: "na1",
  });
});

test("five searches in a second of the whole account, told without headers, and not counted in the ten seconds", async () => {
  const account = await startAccount({ schema: { hubspotLimits: { tenSecondly: 1 } } });
  const { body } = await account.form("/oauth/v3/token", {
    grant_type: "client_credentials",
    client_id: "sandbox",
    client_secret: "sandbox",
  });
  const search = async (bearer?: string) => account.call("POST", `${list}/search`, {}, bearer);
  for (let call = 0; call < 5; call += 1) {
    const answer = await search(call % 2 === 0 ? undefined : String(body["access_token"]));
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()].filter((name) => name.includes("ratelimit"))).toEqual([]);
  }
  const refused = await search();
  expect(refused.status).toBe(429);
  expect(refused.body).toMatchObject({ policyName: "SECONDLY", message: "You have reached your secondly limit." });
  expect(await statuses(account, 1)).toEqual([200]);
  time.at += 1_000;
  expect((await search()).status).toBe(200);
  const { headers } = await account.call("GET", "/crm/v3/objects/companies");
  expect(headers.get("x-hubspot-ratelimit-daily-remaining")).toBe(String(625_000 - 5));
});

test("limits change while the portal runs, and a wrong one is refused", async () => {
  const account = await startAccount();
  expect((await account.control("hubspot/limits", { tenSecondly: 1 })).body).toMatchObject({
    tenSecondly: 1,
    daily: 625_000,
  });
  expect(await statuses(account, 2)).toEqual([200, 429]);
  expect((await account.control("hubspot/limits", { tenSecond: 1 })).status).toBe(400);
  await account.control("reset");
  expect(await statuses(account, 2)).toEqual([200, 200]);
});
