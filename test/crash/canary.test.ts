import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "../support/rig.ts";
import { type CrashCase, crashAndGoOn } from "./kill-points.ts";
import { overLanes } from "./lanes.ts";
import { buildProgram, type OwnProgram } from "./program.ts";

const crashes = ["uploaded:3", "committed:5", "closed:5", "inspected:7", "fetched:4"];

test("a tool that sends and then writes its checkpoint doubles rows, and the oracle sees them", async () => {
  using program = buildProgram();
  sendThenCheckpoint(program);
  const cases = crashes.map((failpoint): CrashCase => ({ mode: "insert", failpoint, continuation: "resume" }));
  const results = await overLanes(program, 2, cases, crashAndGoOn);
  const doubled = results.reduce((sum, { verdict }) => sum + verdict.doubled.length, 0);
  expect(doubled).toBeGreaterThan(0);
  const sentTwice = results.filter(({ verdict }) => verdict.counts.some((text) => text.includes("had to be sent")));
  expect(sentTwice.length).toBeGreaterThan(0);
});

/** Spoils a copy: what a batch goes through stays in memory, and reaches the ledger only with its results. */
function sendThenCheckpoint(program: OwnProgram): void {
  // File by file, as nothing can be found in a bundle.
  const settings = [
    "-p",
    join(repository, "tsconfig.build.json"),
    "--outDir",
    join(program.folder, "dist"),
    "--noCheck",
  ];
  execFileSync(process.execPath, [join(repository, "node_modules/typescript/bin/tsc"), ...settings]);
  const path = join(program.folder, "dist/checkpoint/ledger.js");
  const source = readFileSync(path, "utf8");
  const advance =
    /assertTransition\(batch\.state, state\);\s*const moved = \{[^}]*\};\s*(?=if \(state === "settled"\))/;
  expect(source).toMatch(advance);
  writeFileSync(
    path,
    source.replace(advance, (kept) => `${kept}if (["intent", "handle", "committed"].includes(state)) return moved;\n`),
  );
}
