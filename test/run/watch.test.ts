// `loadline check --watch`, `loadline test --watch`: again whenever a job is written, until Ctrl-C.

import { renameSync } from "node:fs";
import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";

const job = (expression: string) => `version: 1
name: copy
streams:
  rows:
    source: { connection: drop, files: "*.csv" }
    target: { connection: drop, files: out.csv, mode: replace }
    map: { Id: ${expression} }
`;

test("check --watch checks a job anew as it is saved, in whatever way, and ends by Ctrl-C", async () => {
  await using project = createProject({
    "connections.yaml": "version: 1\nconnections: { drop: { type: file, path: ./inbox } }\n",
    "jobs/copy.yaml": job("id"),
    "inbox/a.csv": "id\n1\n",
  });
  const running = project.start(["check", "jobs/copy.yaml", "--watch"]);
  await running.untilPrinted("jobs/copy.yaml: ok");
  project.write({ "jobs/copy.yaml": job("idd") });
  await running.untilPrinted('have no column "idd"');
  // As editors do it that write a new file first.
  project.write({ "jobs/new": job("upper(id), Note: id") });
  renameSync(project.path("jobs/new"), project.path("jobs/copy.yaml"));
  await running.untilPrinted("rows: 2 fields");
  const { code } = await running.kill("SIGINT");
  expect(code).toBe(0);
});

test("test --watch tests anew as a job is saved", async () => {
  const tests = (id: string) =>
    `${job("id")}tests:\n  - { name: id, stream: rows, given: [{ id: 1 }], expect: [{ Id: ${id} }] }\n`;
  await using project = createProject({
    "connections.yaml": "version: 1\nconnections: { drop: { type: file, path: ./inbox } }\n",
    "jobs/copy.yaml": tests("2"),
  });
  const running = project.start(["test", "jobs/copy.yaml", "--watch"]);
  await running.untilPrinted("1 of 1 test failed in");
  project.write({ "jobs/copy.yaml": tests("1") });
  await running.untilPrinted("1 test passed in");
  expect((await running.kill("SIGINT")).code).toBe(0);
});
