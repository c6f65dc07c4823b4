// The program under test, built from src/ into a folder of its own. A test that kills processes for minutes must not
// see a build that happens meanwhile, and the canary needs a copy that it may spoil.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, repository, startChild } from "../support/rig.ts";

export interface Program extends Disposable {
  /** Holds bin/ and dist/. */
  folder: string;
  start(args: readonly string[], cwd: string, env?: Record<string, string>): Running;
}

export function buildProgram(): Program {
  const folder = mkdtempSync(join(tmpdir(), "loadline-program-"));
  // Types are another check's business.
  const settings = ["--noCheck", "--out", join(folder, "dist")];
  execFileSync(process.execPath, [join(repository, "scripts/build.ts"), ...settings]);
  mkdirSync(join(folder, "bin"));
  for (const name of ["bin/loadline.js", "package.json"]) cpSync(join(repository, name), join(folder, name));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  return {
    folder,
    start: (args, cwd, env = {}) =>
      startChild(process.execPath, [join(folder, "bin/loadline.js"), ...args], { cwd, env }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
