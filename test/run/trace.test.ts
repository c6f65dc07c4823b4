// `--trace`: each HTTP call as a line, without what it carried.

import { chmodSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const keys = ["time", "method", "host", "path", "status", "ms", "sent", "received", "attempt"];

test("--trace has each call of a load once, with its tries, and nothing of what it carried", async () => {
  await using rehearsal = await rehearse(contactsJob({ top: "redact: [Email]" }), {
    "inbox/contacts.csv": "id,last,email\nsecret-key-1,Alpha,ada@acme.test\n",
    "kept.jsonl": "",
  });
  const { project, sandbox } = rehearsal;
  chmodSync(project.path("kept.jsonl"), 0o644);
  await sandbox.setFaults([
    { match: "GET /services/data/*/limits", nth: [1], do: { status: 503, headers: { "Retry-After": "0" } } },
    { match: "GET /services/data/*/sobjects/Contact/describe", nth: [1], do: { reset: "before" } },
  ]);
  const run = await project.run("run", "job.yaml", "--json", "--trace", "kept.jsonl");
  expect(run.code).toBe(0);
  const text = project.read("kept.jsonl");
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(run.summary().apiCalls["salesforce"] ?? 0);
  for (const line of lines) expect(Object.keys(line)).toEqual(line.error === undefined ? keys : [...keys, "error"]);
  const tries = (end: string) =>
    lines.filter(({ path }) => path.endsWith(end)).map(({ status, attempt }) => [status, attempt]);
  expect(tries("/limits")).toEqual([
    [503, 1],
    [200, 2],
  ]);
  expect(tries("/Contact/describe")).toEqual([
    [null, 1],
    [200, 2],
  ]);
  const [load] = lines.filter(({ method }) => method === "PATCH" || method === "POST").slice(-1);
  expect(load.sent).toBeGreaterThan(20);
  expect(load.received).toBeGreaterThan(20);
  expect(text).toContain("SELECT");
  expect(text).not.toMatch(/ada|Alpha|secret-key-1|Bearer|00D\w+!/);
  expect(statSync(project.path("kept.jsonl")).mode & 0o777).toBe(0o600);
});

test("--trace takes the calls of the vendors' libraries too, adds to a trace, and refuses a file that is none", async () => {
  await using rehearsal = await rehearse(contactsJob(), {});
  const { project } = rehearsal;
  const before = project.read("job.yaml");
  const refused = await project.run("describe", "hubspot", "contacts", "--trace", "job.yaml");
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toContain("there is a file that is no trace: name another one");
  expect(project.read("job.yaml")).toBe(before);
  const elsewhere = await project.run("describe", "hubspot", "contacts", "--trace", "no/such/folder");
  expect(elsewhere).toMatchObject({ code: 2 });
  for (const object of ["contacts", "companies"])
    expect(await project.run("describe", "hubspot", object, "--trace", "calls.jsonl")).toMatchObject({ code: 0 });
  const text = project.read("calls.jsonl");
  expect(text).toContain('/2026-09/contacts"');
  expect(text).toContain('/2026-09/companies"');
  expect(text).not.toContain("pat-sandbox-loadline");
});
