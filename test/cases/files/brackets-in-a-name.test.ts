import { expect } from "vitest";
import { createProject } from "../../support/rig.ts";
import { caseOf } from "../case.ts";

const job = (files: string) => `version: 1
name: brackets
streams:
  s:
    source: { connection: drop, files: "${files}" }
    target: { connection: out, files: out.csv }
    map: { id: id }
`;

caseOf("files/brackets-in-a-name", "a file that is there under the very name is taken", async () => {
  await using project = createProject({
    "connections.yaml":
      "version: 1\nconnections:\n  drop: { type: file, path: ./in }\n  out: { type: file, path: ./out }\n",
    "in/contacts [2026].csv": "id\n1\n",
    "in/list {1,2}.csv": "id\n2\n",
    "in/a+(b).csv": "id\n3\n",
  });
  const take = async (files: string) => {
    project.write({ "job.yaml": job(files) });
    const run = await project.run("run", "job.yaml");
    return [run.code, run.code === 0 ? project.read("out/out.csv") : run.stderr.replaceAll(/\s+/g, " ")];
  };
  expect(await take("contacts [2026].csv")).toEqual([0, "id\n1\n"]);
  expect(await take("list {1,2}.csv")).toEqual([0, "id\n2\n"]);
  const guessed = await project.run("guess", "in/a+(b).csv");
  expect(guessed.stdout).toContain("a+[(]b).csv");
  expect(await take("a+[(]b).csv")).toEqual([0, "id\n3\n"]);
  // What it could mean besides is not guessed.
  project.write({ "in/contacts 2.csv": "id\n9\n" });
  expect(await take("contacts [2026].csv")).toEqual([1, expect.stringContaining('write "contacts [[]2026].csv"')]);
  expect(await take("contacts [[]2026].csv")).toEqual([0, "id\n1\n"]);
});
