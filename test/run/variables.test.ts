// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of connections.yaml are written so
// A project's own folder: where variables come from, and that its state is kept out of version control.

import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";

const job = `version: 1
name: copy
streams:
  rows:
    source: { connection: feed, files: "*.csv" }
    target: { connection: out, files: rows.csv }
    map: { id: id }
`;

test("variables are those of --env or LOADLINE_ENV, then of the process, then of .env; state is ignored by git", async () => {
  await using project = createProject({
    "connections.yaml":
      'version: 1\nconnections:\n  feed: { type: file, path: "${FEED}" }\n  out: { type: file, path: ./out }\n',
    "job.yaml": job,
    "usual/rows.csv": "id\n1\n",
    ".env": "FEED=usual\n",
    "other.env": "FEED=other\n",
    "third.env": "FEED=third\n",
  });
  for (const name of ["process", "other", "third"]) project.write({ [`${name}/rows.csv`]: `${name}\n1\n` });
  expect((await project.run("run", "job.yaml", "--json")).summary().streams["rows"]?.loaded).toBe(1);
  expect(project.read(".loadline/.gitignore")).toBe("*\n");
  /** Each folder's file has a column of the folder's name, which the message lists. */
  const folderTaken = async (env: Record<string, string>, ...flags: string[]) => {
    project.env = env;
    return /columns: (\w+)/.exec((await project.run("check", "job.yaml", ...flags)).stderr)?.[1];
  };
  expect(await folderTaken({ FEED: "process" })).toBe("process");
  expect(await folderTaken({ FEED: "process", LOADLINE_ENV: "other.env" })).toBe("other");
  expect(await folderTaken({ FEED: "process", LOADLINE_ENV: "other.env" }, "--env", "third.env")).toBe("third");
});
