// What `npm install loadline` gives a user: the tarball, installed into a folder of its own, loads a file there. Its
// dependencies lie there already as the lock has them: to get and unpack them took npm most of 20 s of processor time.
// npm keeps those that the package asks for, and takes away all others; `npm run stranger` begins with nothing.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
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

interface Lock {
  packages: Record<string, { dev?: boolean; optional?: boolean }>;
}

const notAskedFor = "ajv-formats";

let place: Project;
let packed: Packed;

/** dist/ as the tests' setup built it. */
beforeAll(() => {
  place = createProject();
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", place.folder];
  [packed] = JSON.parse(execFileSync("npm", args, { cwd: repository, encoding: "utf8", stdio: "pipe" }));
  copyDependencies(place);
  return () => place[Symbol.asyncDispose]();
});

/** What is there for developing alone is left out, but for one, which npm is to take away. */
function copyDependencies({ path }: Project): void {
  const lock = JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8")) as Lock;
  for (const [folder, { dev = false, optional = false }] of Object.entries(lock.packages)) {
    if (folder === "" || (dev && folder !== `node_modules/${notAskedFor}`)) continue;
    // Of what is for other systems there is nothing.
    if (optional && !existsSync(join(repository, folder))) continue;
    cpSync(join(repository, folder), path(folder), { recursive: true });
  }
}

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
  expect(unpackedSize).toBeLessThan(6_600_000);
});

test("a stranger installs the package into an empty folder, and loads a file from there as the README says", async () => {
  const stranger = await playStranger(place.folder, place.path(packed.filename), {
    node: process.execPath,
    hurried: true,
  });
  expect(place.list("node_modules")).not.toContain(notAskedFor);
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
