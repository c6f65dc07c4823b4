// The README's first command does what it says, in a folder of its own.

import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createProject, repository, startChild } from "./support/rig.ts";

const script = join(repository, "scripts/demo.ts");

test("the demo plans, loads, loads four changed rows, then has nothing to do, and takes a nightly drop", async () => {
  await using place = createProject();
  const demo = await startChild(process.execPath, [script, place.path("demo")], { cwd: place.folder }).finished;
  expect(demo.code).toBe(0);
  const headings = demo.stdout.match(/^── \d/gm);
  expect(headings).toEqual(["── 1", "── 2", "── 3", "── 4", "── 5", "── 6"]);
  expect(demo.stdout).toMatch(/^ +~ C-115000 +Phone +.+ → \+49 30 5550199$/m);
  expect(demo.stdout).not.toContain("\u001b[");
  expect(`${demo.stdout}${demo.stderr}`).not.toContain("**secret**");
  // The README shows this plan; a part of it, line by line.
  const shown =
    readFileSync(join(repository, "README.md"), "utf8").match(/```\n(\$ loadline plan[\s\S]*?)```/)?.[1] ?? "";
  const printed = demo.stdout.split("\n");
  expect(shown.split("\n").length).toBeGreaterThan(15);
  expect(shown.split("\n").filter((line) => !printed.includes(line))).toEqual([]);
  const named = demo.stdout.match(/^ {2}(demo\/.*\/rejects\/contacts\.csv)$/m)?.[1] ?? "";
  expect(place.read(named)).toContain("loadline_error");
});

test("the demo stops with exit code 1 at the first step that is not as announced", async () => {
  await using place = createProject();
  for (const name of [
    "bin",
    "dist",
    "scripts",
    "jobs",
    "fixtures",
    "package.json",
    "connections.yaml",
    "sandbox.yaml",
  ]) {
    cpSync(join(repository, name), place.path(name), { recursive: true });
  }
  symlinkSync(join(repository, "node_modules"), place.path("node_modules"));
  const shorter = place.read("fixtures/contacts-vendor/contacts_south.csv").replace(/^C-115000.*\n/m, "");
  place.write({ "fixtures/contacts-vendor/contacts_south.csv": shorter });
  const demo = await startChild(process.execPath, [place.path("scripts/demo.ts")], { cwd: place.folder }).finished;
  expect(demo.stderr).toContain("The demo stops: the plan was to have 19690 creates of contacts, and has 19689.");
  expect(demo.code).toBe(1);
  expect(demo.stdout).not.toContain("── 2");
});
