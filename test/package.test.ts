// What `npm install loadline` gives a user: the tarball, installed into an empty folder, plans an example job there.
// The registry (or npm's cache) gives the dependencies.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { playStranger } from "./package/stranger.ts";
import { createProject, type Project, repository, startChild } from "./support/rig.ts";

const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as { version: string };

interface Packed {
  filename: string;
  unpackedSize: number;
  files: { path: string }[];
}

let place: Project;
let packed: Packed;

/** dist/ as the tests' setup built it. */
beforeAll(() => {
  place = createProject();
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", place.folder];
  [packed] = JSON.parse(execFileSync("npm", args, { cwd: repository, encoding: "utf8", stdio: "pipe" }));
  return () => place[Symbol.asyncDispose]();
});

test("the package holds the program, its documents and the examples, and nothing else", () => {
  const { files, unpackedSize } = packed;
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
  expect(paths).toEqual(expect.arrayContaining(["dist/start.js", "dist/cli.cjs"]));
  expect(paths.filter((path) => /\.ts$|\.loadline|node_modules|\.map$/.test(path))).toEqual([]);
  expect(unpackedSize).toBeLessThan(6_200_000);
});

test("a stranger installs the package into an empty folder, and loads a file from there as the README says", async () => {
  const stranger = await playStranger(place.folder, place.path(packed.filename), {
    node: process.execPath,
    hurried: true,
  });
  const answered = stranger.steps.map(({ typed, answered }) => `$ ${typed}\n${answered}`).join("\n");
  expect(answered).toMatch(/^ +vendor +30 +1 +29 +29$/m);
  expect(answered).toMatch(/^ +vendor +30 +1 +29 +1$/m);
  expect(answered).toMatch(/^15 2 \* \* \* cd \S+ && \{ \S+ \S+loadline run jobs\/vendor.yaml --yes/m);
  // What is typed is what docs/transcript.md shows.
  const shown = readFileSync(join(repository, "docs/transcript.md"), "utf8");
  for (const { typed } of stranger.steps.slice(1)) expect(shown).toContain(`$ ${typed}\n`);

  const bin = place.path("node_modules/.bin/loadline");
  const run = (...args: string[]) => startChild(process.execPath, [bin, ...args], { cwd: place.folder }).finished;
  expect((await run("--version")).stdout).toBe(`${manifest.version}\n`);
  expect(JSON.parse((await run("schema", "job")).stdout)).toHaveProperty("properties.streams");
  // Help is read from the documents of the package.
  expect((await run("help", "split_part")).stdout).toContain("split_part(text, separator, index)");
});
