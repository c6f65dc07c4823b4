import { expect, test } from "vitest";
import { seededFraction } from "../../src/core/random.ts";
import { overLanes } from "../crash/lanes.ts";
import { builtProgram } from "../crash/program.ts";
import { complain, type Grid, meet, packCells, sampleCells } from "./grid.ts";
import { hubspotGrid } from "./hubspot-grid.ts";
import { salesforceGrid } from "./salesforce-grid.ts";

const seed = Number(process.env["LOADLINE_PROPERTY_SEED"] ?? 20_261_121);

async function expectGrid(grid: Grid): Promise<void> {
  const modes = [...new Set(grid.cells.map(({ mode }) => mode))];
  const undisturbed = await overLanes(builtProgram, 2, modes, (lane, mode) => meet(grid, lane, mode, []));
  const usual = new Map(modes.map((mode, index) => [mode, undisturbed[index]?.calls ?? {}]));
  const loads = packCells(grid, seededFraction(seed));
  const complaints = await overLanes(builtProgram, 2, loads, async (lane, cells) => {
    const mode = cells[0]?.mode ?? "insert";
    const outcome = await meet(grid, lane, mode, cells);
    return complain(grid, cells, outcome, usual.get(mode) ?? {});
  });
  expect(complaints.filter((text) => text !== undefined)).toEqual([]);
}

test("each fault at each call of Salesforce costs a few calls and nothing else", async () => {
  await expectGrid(sampleCells(salesforceGrid));
});

test("each fault at each call of HubSpot costs a few calls and nothing else", async () => {
  await expectGrid(sampleCells(hubspotGrid));
});
