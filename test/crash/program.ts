// The program under test: the one that the tests' set-up built, or one built into a folder of its own. A script that kills
// processes for hours must not see a build that happens meanwhile, and the canary needs a copy that it may spoil.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finished, type Running, repository, runLoadline, startChild, startLoadline } from "../support/child.ts";

export interface Program {
  start(args: readonly string[], cwd: string, env?: Record<string, string>): Running;
  /** To its end. */
  run(args: readonly string[], cwd: string, env?: Record<string, string>): Promise<Finished>;
}

/** The repository's. */
export const builtProgram: Program = {
  start: (args, cwd, env = {}) => startLoadline(args, { cwd, env }),
  run: (args, cwd, env = {}) => runLoadline(args, { cwd, env }).finished,
};

export interface OwnProgram extends Program, Disposable {
  /** Holds bin/ and dist/. */
  folder: string;
}

/** `bundled: false`: a file of dist/ for each of src/, so that it can be found there. */
export function buildProgram({ bundled = true } = {}): OwnProgram {
  const folder = mkdtempSync(join(tmpdir(), "loadline-program-"));
  const dist = join(folder, "dist");
  // Types are another check's business.
  const command = bundled
    ? [join(repository, "scripts/build.ts"), "--noCheck", "--out", dist]
    : [
        join(repository, "node_modules/typescript/bin/tsc"),
        "-p",
        join(repository, "tsconfig.build.json"),
        "--outDir",
        dist,
      ];
  execFileSync(process.execPath, bundled ? command : [...command, "--noCheck"]);
  mkdirSync(join(folder, "bin"));
  const bin = join(folder, "bin/loadline.js");
  if (bundled) cpSync(join(repository, "bin/loadline.js"), bin);
  else writeFileSync(bin, 'await import("../dist/cli.js");\n');
  cpSync(join(repository, "package.json"), join(folder, "package.json"));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  const start: Program["start"] = (args, cwd, env = {}) =>
    startChild(process.execPath, [join(folder, "bin/loadline.js"), ...args], { cwd, env });
  return {
    folder,
    start,
    run: (...request) => start(...request).finished,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
