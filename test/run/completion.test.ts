// Completion: bash's own function is run, as a person who presses Tab runs it.

import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createProject, type Project, repository } from "../support/rig.ts";
import { contactsJob } from "./support.ts";

const copy = `version: 1
name: copy
streams:
  rows:
    source: { connection: drop, files: "inbox/*.csv" }
    target: { connection: vendor, files: out.csv, mode: replace }
    map: { id: id }
`;

function projectToType(): Project {
  const shim = `#!/bin/sh\nexec "${process.execPath}" "${join(repository, "bin/loadline.js")}" "$@"\n`;
  const project = createProject({
    "connections.yaml":
      "version: 1\nconnections:\n  drop: { type: file, path: . }\n  vendor: { type: file, path: . }\n",
    "jobs/contacts.yaml": contactsJob(),
    "jobs/accounts.yaml": contactsJob(),
    "jobs/$(touch hacked).yaml": contactsJob(),
    "copy.yaml": copy,
    "inbox/a.csv": "id\n1\n",
    "bin/loadline": shim,
  });
  chmodSync(project.path("bin/loadline"), 0o755);
  return project;
}

/** Outside of a person's line there are no options of its completion to be set. */
const notWithinReadline = "compopt() { :; }";

/** What bash offers for the last word. */
function press(project: Project, script: string, lines: readonly (readonly string[])[]): string[][] {
  const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;
  const presses = lines.map(
    (words) =>
      `COMP_WORDS=(loadline ${words.map(quote).join(" ")}); COMP_CWORD=${words.length}; COMPREPLY=(); __loadline_complete; printf '%s ' "\${COMPREPLY[@]}"; echo`,
  );
  const env = { ...process.env, PATH: `${project.path("bin")}:${process.env["PATH"]}` };
  const text = execFileSync("bash", ["--norc", "-c", [script, notWithinReadline, ...presses].join("\n")], {
    cwd: project.folder,
    env,
    encoding: "utf8",
  });
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => line.trim().split(" "));
}

test("bash completes commands, options, job files, connections and runs, and runs nothing that a file is called", async () => {
  await using project = projectToType();
  const script = await project.run("completion", "bash");
  expect(script).toMatchObject({ code: 0, stderr: "" });
  await project.run("plan", "copy.yaml");
  const [run = ""] = project.runFolders().map((folder) => folder.split("/").at(-1) ?? "");
  const offered = press(project, script.stdout, [
    ["ab"],
    ["run", "jobs/"],
    ["run", "--de"],
    ["run", "jobs/contacts.yaml", "--metr"],
    ["connections", ""],
    ["connections", "test", "v"],
    ["describe", ""],
    ["--log", ""],
    ["completion", ""],
    ["run", "$"],
  ]);
  expect(offered).toEqual([
    ["abandon"],
    ["jobs/accounts.yaml", "jobs/contacts.yaml"],
    ["--detailed-exitcode"],
    ["--metrics"],
    expect.arrayContaining(["test", "pin"]),
    ["vendor"],
    ["drop", "vendor"],
    ["json"],
    ["bash", "zsh", "fish"],
    [""],
  ]);
  expect(run).not.toBe("");
  expect(press(project, script.stdout, [["show", run.slice(0, 5)]])).toEqual([[run]]);
  expect(project.list(".")).not.toContain("hacked");
});

test("zsh and fish have scripts of their own, another shell is refused, and without a project nothing is known", async () => {
  await using project = createProject();
  expect((await project.run("completion", "zsh")).stdout).toMatch(/^#compdef loadline/);
  expect((await project.run("completion", "fish")).stdout).toContain("complete -c loadline");
  const other = await project.run("completion", "tcsh");
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("Allowed choices are bash, zsh, fish")]);
  expect(await project.run("complete", "--", "show", "")).toMatchObject({ code: 0, stdout: ":4\n", stderr: "" });
});
