import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFaults } from "../../src/sandbox/faults.ts";
import { type Org, startOrg, temporaryFolder } from "./support.ts";

async function outcome(work: Promise<{ status: number }>): Promise<number | string> {
  try {
    return (await work).status;
  } catch {
    return "cut";
  }
}

async function outcomes(org: Org, count: number, path = "limits"): Promise<(number | string)[]> {
  const seen: (number | string)[] = [];
  for (let index = 0; index < count; index += 1) seen.push(await outcome(org.api("GET", path)));
  return seen;
}

test("nth, times and rate say which of the matching requests are hit", async () => {
  const org = await startOrg({ faultSeed: 42 });
  await org.faults([{ match: "GET /services/data/*/limits", nth: [2, 4], do: { status: 503 } }]);
  expect(await outcomes(org, 5)).toEqual([200, 503, 200, 503, 200]);
  expect((await org.api("GET", "/__sandbox/calls")).body).toEqual({ "GET /services/data/{version}/limits": 5 });
  await org.faults([{ match: "* /services/**", times: 2, do: { status: 500 } }]);
  expect(await outcomes(org, 3)).toEqual([500, 500, 200]);
  const rated = [{ match: "* /services/**", rate: 0.5, do: { status: 500 } }];
  await org.faults(rated);
  const first = await outcomes(org, 20);
  expect(new Set(first)).toEqual(new Set([200, 500]));
  await org.faults(rated);
  expect(await outcomes(org, 20)).toEqual(first);
  await org.faults([]);
  expect(await outcomes(org, 1)).toEqual([200]);
});

test("a star stays within a path segment, two cross them, and the method counts", () => {
  const faults = createFaults(1);
  const hit = (match: string, method: string, path: string) => {
    faults.replace([{ match, do: { status: 500 } }]);
    return faults.forRequest(method, path) !== undefined;
  };
  const path = "/services/data/v66.0/jobs/ingest/750X";
  expect(hit("PATCH /services/data/*/jobs/ingest/*", "PATCH", path)).toBe(true);
  expect(hit("PATCH /services/data/*/jobs/ingest/*", "GET", path)).toBe(false);
  expect(hit("* /services/data/*/jobs/ingest/*", "PUT", `${path}/batches`)).toBe(false);
  expect(hit("* /services/**", "PUT", `${path}/batches`)).toBe(true);
  expect(hit("* /services/data/v*/jobs/**/batches", "PUT", `${path}/batches`)).toBe(true);
  expect(hit("* /services", "GET", path)).toBe(false);
});

test("a status comes with the vendor's body, or with the one that is given, and the request has no effect", async () => {
  const org = await startOrg();
  await org.faults([
    { match: "POST /services/data/*/sobjects/*", nth: [1], do: { status: 503, headers: { "Retry-After": "7" } } },
  ]);
  const refused = await org.api("POST", "sobjects/Account", { Name: "x" });
  expect([refused.status, refused.headers.get("retry-after"), refused.body]).toEqual([
    503,
    "7",
    [{ errorCode: "SERVER_UNAVAILABLE", message: expect.any(String) }],
  ]);
  await org.faults([{ match: "* /**", times: 1, do: { status: 401 } }]);
  expect((await org.api("GET", "limits")).body).toMatchObject([{ errorCode: "INVALID_SESSION_ID" }]);
  await org.faults([{ match: "* /**", times: 1, do: { status: 400, body: { mine: true } } }]);
  expect((await org.api("GET", "limits")).body).toEqual({ mine: true });
  expect(await org.dump("Account")).toEqual([]);
});

test("a reset before has no effect, a reset after has its full effect and no byte of an answer", async () => {
  const org = await startOrg();
  const create = (Name: string) => outcome(org.api("POST", "sobjects/Account", { Name }));
  await org.faults([{ match: "POST /services/data/*/sobjects/Account", nth: [1], do: { reset: "before" } }]);
  expect(await create("before")).toBe("cut");
  await org.faults([{ match: "POST /services/data/*/sobjects/Account", nth: [1], do: { reset: "after" } }]);
  expect(await create("after")).toBe("cut");
  expect(await create("plain")).toBe(201);
  expect((await org.dump("Account")).map((row) => row["Name"])).toEqual(["after", "plain"]);
});

test("closing a job whose answer is lost still closes it", async () => {
  const org = await startOrg();
  await org.faults([{ match: "PATCH /services/data/*/jobs/ingest/*", do: { reset: "after" } }]);
  const { body: job } = await org.api("POST", "jobs/ingest", { object: "Account", operation: "insert" });
  await org.api("PUT", `jobs/ingest/${String(job["id"])}/batches`, "Name\nx\n");
  expect(await outcome(org.api("PATCH", `jobs/ingest/${String(job["id"])}`, { state: "UploadComplete" }))).toBe("cut");
  expect(await org.finished(job["id"])).toMatchObject({ state: "JobComplete", numberRecordsProcessed: 1 });
});

test("an answer can be cut short after some bytes, or come slowly and whole", async () => {
  const org = await startOrg();
  await org.faults([{ match: "GET /services/data/*/sobjects", do: { truncate_after: 100 } }]);
  const response = await fetch(`${org.origin}/services/data/v66.0/sobjects`, {
    headers: { authorization: "Bearer 00Dsandbox0000001!loadline", "accept-encoding": "identity" },
  });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let bytes = 0;
  const readAll = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      bytes += value.length;
    }
  };
  await expect(readAll()).rejects.toThrow();
  expect(bytes).toBe(100);
  await org.faults([{ match: "GET /services/data/*/limits", do: { drip: 20_000, delay_ms: 1 } }]);
  expect((await org.api("GET", "limits")).body).toHaveProperty("DailyApiRequests");
});

test("rows fail with the text that is asked for, by number", async () => {
  const org = await startOrg();
  const lock =
    "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: 001000000000000AAA:--";
  await org.faults([{ match: "row Account", nth: [2], do: { rowError: lock } }]);
  const job = await org.ingest({ object: "Account", operation: "insert" }, "Name\na\nb\nc\n");
  expect(job).toMatchObject({ numberRecordsProcessed: 3, numberRecordsFailed: 1 });
  expect(await org.results(job["id"], "failedResults")).toEqual([{ sf__Id: "", sf__Error: lock, Name: "b" }]);
});

test("a backdated row becomes visible with a stamp that lies behind it", async () => {
  const org = await startOrg();
  await org.faults([{ match: "row Account", nth: [2], do: { backdate_ms: 3_600_000 } }]);
  await org.ingest({ object: "Account", operation: "insert" }, "Name\nnow\nlate\n");
  const [first, second] = (await org.dump("Account")).map((row) => Date.parse(String(row["SystemModstamp"])));
  expect(Number(first) - Number(second)).toBeGreaterThan(3_590_000);
});

test("the faults file holds from the start, and control endpoints are never hit", async () => {
  const faultsFile = join(temporaryFolder(), "faults.json");
  writeFileSync(faultsFile, JSON.stringify([{ match: "* /**", do: { status: 503 } }]));
  const org = await startOrg({ faultsFile });
  expect(await outcomes(org, 1)).toEqual([503]);
  expect((await org.faults([])).status).toBe(204);
  expect(await outcomes(org, 1)).toEqual([200]);
});

test("a list of faults that is wrong is refused and the old one stays", async () => {
  const org = await startOrg();
  await org.faults([{ match: "* /services/**", do: { status: 503 } }]);
  for (const list of [
    {},
    [{ match: "GET", do: {} }],
    [{ match: "* /x", do: { statu: 1 } }],
    [{ match: "* /x", nth: [0], do: {} }],
  ])
    expect((await org.faults(list)).status).toBe(400);
  expect(await outcomes(org, 1)).toEqual([503]);
  const faultsFile = join(temporaryFolder(), "faults.json");
  writeFileSync(faultsFile, "{");
  await expect(startOrg({ faultsFile })).rejects.toMatchObject({ exitCode: 2, where: { file: faultsFile } });
});

test("a rate is drawn anew for each seed, by each rule for itself", () => {
  const draw = (seed: number, rules: object[]) => {
    const faults = createFaults(seed);
    faults.replace(rules);
    return Array.from({ length: 64 }, () => (faults.forRequest("GET", "/b") === undefined ? "." : "x")).join("");
  };
  const rule = { match: "GET /b", rate: 0.3, do: { status: 500 } };
  const drawn = Array.from({ length: 50 }, (_, seed) => draw(seed, [rule]));
  expect(new Set(drawn).size).toBe(50);
  expect(draw(7, [rule])).toBe(drawn[7]);
  const others = ["GET /a", "POST /b"].map((match) => ({ ...rule, match }));
  expect(draw(7, [rule, ...others])).toBe(drawn[7]);
});
