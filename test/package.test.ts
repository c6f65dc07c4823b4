// What `npm install loadline` gives a user: the tarball, installed into an empty folder, plans an example job there.
// The registry (or npm's cache) gives the dependencies.

import { execFileSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createProject, type Project, repository, startChild } from "./support/rig.ts";

const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };

/** Packs dist/ as the tests' setup built it. */
function pack(place: Project): { filename: string; unpackedSize: number; files: { path: string }[] } {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", place.folder];
  const [packed] = JSON.parse(execFileSync("npm", args, { cwd: repository, encoding: "utf8", stdio: "pipe" }));
  return packed;
}

test("the package holds the program, its documents and the examples, and nothing else", async () => {
  await using place = createProject();
  const { files, unpackedSize } = pack(place);
  const paths = files.map(({ path }) => path);
  const tops = new Set(paths.map((path) => path.split("/")[0]));
  expect([...tops].sort()).toEqual([
    ".env.example",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "bin",
    "connections.yaml",
    "dist",
    "docs",
    "fixtures",
    "jobs",
    "package.json",
    "sandbox.yaml",
  ]);
  expect(paths).toContain("dist/cli.js");
  expect(paths.filter((path) => /\.ts$|\.loadline|node_modules|\.map$/.test(path))).toEqual([]);
  expect(unpackedSize).toBeLessThan(5_000_000);
});

test("the package installs into an empty folder and plans an example job there", async () => {
  await using place = createProject({ "package.json": '{ "private": true }\n' });
  const { filename } = pack(place);
  const options = { cwd: place.folder };
  const install = ["install", "--no-audit", "--no-fund", "--prefer-offline", place.path(filename)];
  const installed = await startChild("npm", install, options).finished;
  expect(installed.code, installed.stderr).toBe(0);
  const bin = place.path("node_modules/.bin/loadline");
  const run = (...args: string[]) => startChild(process.execPath, [bin, ...args], options).finished;

  expect((await run("--version")).stdout).toBe(`${manifest.version}\n`);
  const schema = await run("schema", "job");
  expect(JSON.parse(schema.stdout)).toHaveProperty("properties.streams");
  for (const name of ["connections.yaml", "sandbox.yaml", "jobs", "fixtures"]) {
    cpSync(place.path(join("node_modules/loadline", name)), place.path(name), { recursive: true });
  }
  const planned = await run("plan", "jobs/partners-mirror.yaml", "--sandbox", "--json");
  expect(planned.summary().streams["partners"]).toMatchObject({ extracted: 12, creates: 12 });
  expect(planned.code).toBe(0);
});
