// Compiles src/ to dist/. Its own file so that `prepare` works the same on every shell.
// What must hold: a program that runs from dist/ meanwhile finds it whole, so the new one takes its place by renaming.

import { execFileSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";

const built = `dist-${process.pid}.tmp`;
const old = `dist-${process.pid}.old`;
try {
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json", "--outDir", built], {
    stdio: "inherit",
  });
  rmSync(old, { recursive: true, force: true });
  try {
    renameSync("dist", old);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  renameSync(built, "dist");
} finally {
  for (const folder of [built, old]) rmSync(folder, { recursive: true, force: true });
}
