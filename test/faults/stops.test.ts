import { expect, test } from "vitest";
import { openLoad, resume, runJob } from "../crash/load.ts";
import { isClean } from "../crash/oracle.ts";
import { useLane } from "./lane.ts";

const oneBatch = 100;
const jobs = "/services/data/*/jobs/ingest";
const api = (code: string, message: string) => [{ errorCode: code, message }];
const limit = { status: 403, body: api("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.") };
const forbidden = { status: 403, body: api("API_DISABLED_FOR_ORG", "API is not enabled for this Organization") };
const html = { status: 404, body: "<html>", headers: { "Content-Type": "text/html" } };
const comeBackLater = { status: 503, headers: { "Retry-After": "3600" } };

const lane = useLane();

/** In the order of the way, so that each stops what the one before let through. */
const stops = [
  ["an API allowance that is used up", `POST ${jobs}`, limit, 75, "allowance is used up"],
  ["an API that was switched off", `POST ${jobs}`, forbidden, 8, "API_DISABLED_FOR_ORG"],
  ["an org that wants an hour of peace", `PUT ${jobs}/*/batches`, comeBackLater, 75, "come back later"],
  ["an API allowance that is used up between upload and close", `PATCH ${jobs}/*`, limit, 75, "allowance is used up"],
  ["a proxy that knows no such job", `GET ${jobs}/*`, html, 1, "404"],
  [
    "an API allowance that is used up while results are fetched",
    `GET ${jobs}/*/successfulResults`,
    limit,
    75,
    "allowance",
  ],
] as const;

test("what stops a run is told with its exit code, again and again, and resume completes it", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  let args: readonly string[] = runJob;
  for (const [name, match, action, code, text] of stops) {
    await lane.sandbox.setFaults([{ match, do: action }]);
    const stopped = await load.run(args);
    expect({ name, code: stopped.code, stderr: stopped.stderr }).toEqual({
      name,
      code,
      stderr: expect.stringContaining(text),
    });
    expect(stopped.summary().next, name).toMatch(/^loadline resume/);
    args = resume;
  }
  await lane.sandbox.setFaults([]);
  const last = await load.run(resume);
  expect(last.code, last.stderr).toBe(0);
  expect(await load.judge({ replanned: false, last })).toEqual({ lost: [], doubled: [], wrong: [], counts: [] });
});

test("a job whose closing is refused for good is thrown away for another", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  const refused = { status: 400, body: api("INVALIDJOB", "Found multipe contents for job") };
  await lane.sandbox.setFaults([{ match: `PATCH ${jobs}/*`, nth: [1], do: refused }]);
  const last = await load.run(runJob);
  expect(last.code, last.stderr).toBe(0);
  expect(isClean(await load.judge({ replanned: false, last }))).toBe(true);
  const states = (await lane.sandbox.jobs()).map(({ state }) => state);
  expect(states.sort()).toEqual(["Aborted", "JobComplete"]);
});

test("a run that began to load stays the first to be recovered, also after an attempt without credentials", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await load.run(runJob, { LOADLINE_FAILPOINT: "closed:1" });
  const unset = await load.run(resume, { SF_CLIENT_SECRET: "" });
  expect(unset.code).not.toBe(0);
  const recovered = await load.run(runJob);
  expect(recovered.code, recovered.stderr).toBe(4);
  expect(await load.judge({ replanned: true })).toEqual({ lost: [], doubled: [], wrong: [], counts: [] });
});

test("nobody listening is 75, and the address is named", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  load.project.write({
    "connections.yaml": load.project
      .read("connections.yaml")
      .replace(/http:\/\/127\.0\.0\.1:\d+/, "http://127.0.0.1:1"),
  });
  const stopped = await load.run(runJob);
  expect(stopped.code).toBe(75);
  expect(stopped.stderr).toContain("127.0.0.1:1");
});
