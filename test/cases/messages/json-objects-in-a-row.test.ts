import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { fileJob, fileProject, runFiles } from "../files/files-job.ts";

const map = { id: "id" };
const objects = '{"id":1}\n{"id":2} {"id":3}\n{"id":4}\n';

caseOf("messages/json-objects-in-a-row", "the message says what the file is, and one place", async () => {
  await using project = fileProject({
    "in.json": objects,
    "job.yaml": fileJob("in.json", { format: "{ type: json }", map }),
  });
  const run = await runFiles(project);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("in.json:2: the file holds several JSON objects in a row, not an array of them");
  expect(run.stderr).toContain("format.type: jsonl");
  expect(run.stderr).not.toMatch(/position|column \d/);
  const guess = await project.run("guess", "inbox/in.json");
  expect(guess.code).toBe(1);
  expect(guess.stderr).toContain("several JSON objects in a row");
  // As lines, the one with two of them is the reject.
  project.write({ "job.yaml": fileJob("in.json", { format: "{ type: jsonl }", map }) });
  const lines = await runFiles(project);
  expect(lines.rows).toEqual([{ id: "1" }, { id: "4" }]);
  expect(lines.rejects).toContain("several JSON objects in a row");
  // More than a record may have, and other faults, at one place too.
  project.write({
    "inbox/in.json": objects.repeat(2_000),
    "job.yaml": fileJob("in.json", { format: "{ type: json }", map }),
  });
  expect((await runFiles(project)).stderr).toContain("in.json:2: the file holds several JSON objects in a row");
  project.write({ "inbox/in.json": '{"a":[{"id":1}],\n"b":}' });
  project.write({ "job.yaml": fileJob("in.json", { format: "{ type: json, records: /a }", map }) });
  const other = await runFiles(project);
  expect(other.stderr).toContain("the file is not valid JSON");
  expect(other.stderr).not.toMatch(/position \d|line \d+ column/);
});
