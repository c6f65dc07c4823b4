// Compiles src/ to dist/. Its own file so that `prepare` works the same on every shell. Arguments go on to tsc.
// What must hold: a program that runs from dist/ meanwhile finds it whole, so the new one takes its place by renaming.

import { spawnSync } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";

const fresh = `dist-${process.pid}.tmp`;
const old = `dist-${process.pid}.old`;
const compiler = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json", "--outDir", fresh];
const { status } = spawnSync(process.execPath, [...compiler, ...process.argv.slice(2)], { stdio: "inherit" });
if (status === 0) {
  if (existsSync("dist")) renameSync("dist", old);
  renameSync(fresh, "dist");
}
for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
process.exitCode = status ?? 1;
