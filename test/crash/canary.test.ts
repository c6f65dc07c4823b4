import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crashInTurn } from "./kill-points.ts";
import { openLane } from "./load.ts";
import { buildProgram, type OwnProgram } from "./program.ts";

/** As in sweep.test.ts, but one kill is enough: the batches that were closed are sent again. */
const failpoints = ["closed:1"];

test("a tool that sends and then writes its checkpoint doubles rows, and the oracle sees them", async () => {
  using program = buildProgram({ bundled: false });
  sendThenCheckpoint(program);
  await using lane = await openLane(program);
  const { killedAt, verdict } = await crashInTurn(lane, { mode: "insert", failpoints, continuation: "resume" });
  expect(killedAt).toEqual(failpoints);
  expect(verdict.doubled).not.toEqual([]);
  expect(verdict.counts).toEqual([expect.stringContaining("had to be sent")]);
});

/** Spoils a copy: what a batch goes through stays in memory, and reaches the ledger only with its results. */
function sendThenCheckpoint(program: OwnProgram): void {
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
