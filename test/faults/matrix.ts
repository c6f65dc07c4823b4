// npm run faults:matrix [-- --system hubspot] [-- --verb apply|retry]: every fault at the first call of every endpoint, each in a load of its own;
// the tests let each load meet several. Prints what it did and every discrepancy; exit 1 on any.

import { parseArgs } from "node:util";
import { overLanes } from "../crash/lanes.ts";
import { buildProgram } from "../crash/program.ts";
import { modesOf, readVerb } from "../crash/verbs.ts";
import { complain, type Grid, meet } from "./grid.ts";
import { hubspotGrid } from "./hubspot-grid.ts";
import { salesforceGrid } from "./salesforce-grid.ts";

const lanes = 2;
const grids = { salesforce: salesforceGrid, hubspot: hubspotGrid };
const { values } = parseArgs({ options: { system: { type: "string" }, verb: { type: "string", default: "run" } } });

const verb = readVerb(values.verb);

async function meetAll(system: string, grid: Grid): Promise<number> {
  const started = performance.now();
  using program = buildProgram();
  const cells = grid.cells.filter(({ mode }) => modesOf(verb).includes(mode));
  const modes = [...new Set(cells.map(({ mode }) => mode))];
  const undisturbed = await overLanes(program, lanes, modes, (lane, mode) => meet(grid, lane, mode, [], verb));
  const complaints = await overLanes(program, lanes, cells, async (lane, cell) => {
    const outcome = await meet(grid, lane, cell.mode, [cell], verb);
    const wrong = complain(grid, [cell], outcome, undisturbed[modes.indexOf(cell.mode)]?.calls ?? {});
    if (wrong !== undefined) print(wrong);
    return wrong;
  });
  const strange = complaints.filter((text) => text !== undefined).length;
  const minutes = (performance.now() - started) / 60_000;
  print(`${system}: ${cells.length} faults, each in a load of its own, ${minutes.toFixed(1)} min: ${strange} strange`);
  return strange;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

let strange = 0;
for (const [system, grid] of Object.entries(grids)) {
  if (values.system === undefined || values.system === system) strange += await meetAll(system, grid);
}
process.exitCode = strange === 0 ? 0 : 1;
