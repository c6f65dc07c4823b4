// What an earlier start has compiled is used by the next one only where it is whole, of the very file, and this user's.

import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { createProject, type Project, repository, startChild } from "../support/rig.ts";

let project: Project;

beforeEach(() => {
  project = createProject({ "code/.keep": "" });
  return () => project[Symbol.asyncDispose]();
});

async function help(env: Record<string, string>, program = repository): Promise<string> {
  const args = [join(program, "bin/loadline.js"), "help", "no-such-topic", "--help"];
  const { code, stdout, stderr } = await startChild(process.execPath, args, { cwd: project.folder, env }).finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** Files of code that a start has kept, with the moment in which each was made. */
function kept(folder: string): Map<string, bigint> {
  const files = readdirSync(project.path(folder), { recursive: true, encoding: "utf8" });
  const paths = files
    .map((name) => project.path(join(folder, name)))
    .filter((path) => /loadline-[0-9a-f]+$/.test(path));
  return new Map(paths.map((path) => [path, statSync(path, { bigint: true }).mtimeNs]));
}

test("code is kept once for each command, and made anew where it is damaged", async () => {
  const env = { NODE_COMPILE_CACHE: project.path("code") };
  const first = await help(env);
  const made = kept("code");
  expect(made.size).toBeGreaterThan(1);
  expect(await help(env)).toBe(first);
  expect(kept("code")).toEqual(made);
  for (const path of made.keys()) {
    const bytes = readFileSync(path);
    const place = bytes.length - 100;
    bytes.writeUInt8(bytes.readUInt8(place) ^ 0xff, place);
    writeFileSync(path, bytes);
  }
  const damaged = kept("code");
  expect(await help(env)).toBe(first);
  for (const [path, moment] of kept("code")) expect(moment).not.toBe(damaged.get(path));
  for (const path of made.keys()) writeFileSync(path, "\n{}");
  expect(await help(env)).toBe(first);
});

test("code of another file of the same length is not used", async () => {
  for (const name of ["bin", "dist", "package.json"])
    cpSync(join(repository, name), project.path(name), { recursive: true });
  for (const name of ["docs", "node_modules"]) symlinkSync(join(repository, name), project.path(name));
  const env = { NODE_COMPILE_CACHE: project.path("code") };
  const shown = await help(env, project.folder);
  expect(shown).toContain("job file");
  const changed = (text: string) => text.replaceAll("a job file", "a JOB file");
  const files = readdirSync(project.path("dist")).filter((name) => name.endsWith(".cjs"));
  for (const name of files) project.write({ [`dist/${name}`]: changed(project.read(`dist/${name}`)) });
  expect(changed(shown)).not.toBe(shown);
  expect(await help(env, project.folder)).toBe(changed(shown));
});

test("the folder is the user's alone, or nothing is kept", async () => {
  const name = `loadline-code-${process.getuid?.()}`;
  mkdirSync(project.path("own"));
  const env = { TMPDIR: project.path("own") };
  await help(env);
  expect(kept("own").size).toBeGreaterThan(1);
  expect(statSync(project.path(join("own", name))).mode & 0o777).toBe(0o700);

  mkdirSync(project.path(join("open", name)), { recursive: true });
  chmodSync(project.path(join("open", name)), 0o777);
  await help({ TMPDIR: project.path("open") });
  expect(kept("open").size).toBe(0);

  mkdirSync(project.path("linked"));
  mkdirSync(project.path("elsewhere"));
  symlinkSync(project.path("elsewhere"), project.path(join("linked", name)));
  await help({ TMPDIR: project.path("linked") });
  expect(kept("elsewhere").size).toBe(0);

  await help({ TMPDIR: project.path("there-is-none") });
  await help({ ...env, NODE_DISABLE_COMPILE_CACHE: "1" });
});
