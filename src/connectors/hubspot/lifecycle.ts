// Lifecycle stages that go back. HubSpot moves them forward only: a value before the present one is answered with 200 and
// changes nothing, unless the stage is cleared by a call of its own first.
// https://integrate.hubspot.com/t/update-lifecycle-stage-using-api/1333
// In: rows of an update. Out: the same rows, those that go back with an empty stage by now. What must hold: only stages
// that would go back are cleared; made again after a kill, the same rows end with the same stages.

import { type BatchRow, type BatchWrite, writeRows } from "./batches.ts";
import type { HubSpotClient } from "./client.ts";
import { stageProperty } from "./properties.ts";
import { readBatch } from "./records.ts";

/** Gives the names of an object's stages in their order. */
export type StageOrder = (object: string) => Promise<readonly string[]>;

/** Clears the stages that the rows, a hundred at most, would move back. Throws CallFault. */
export async function clearStages(
  client: HubSpotClient,
  write: BatchWrite,
  rows: readonly BatchRow[],
  stagesOf: StageOrder,
): Promise<void> {
  const staged = rows.filter(({ properties }) => (properties[stageProperty] ?? "") !== "");
  if (write.operation !== "update" || staged.length === 0) return;
  const { object, signal } = write;
  const stages = await stagesOf(object);
  const doing = `reading the lifecycle stages of ${staged.length} ${object}`;
  const ids = staged.map(({ id = "" }) => id);
  const found = await readBatch(client, { object, properties: [stageProperty], doing, signal }, ids);
  const present = new Map(found.map(({ id, properties }) => [id, properties[stageProperty] ?? ""]));
  const back = staged.filter(({ id = "", properties }) => {
    const before = stages.indexOf(present.get(id) ?? "");
    return before > stages.indexOf(properties[stageProperty] ?? "");
  });
  if (back.length === 0) return;
  const cleared = back.map(({ trace, id = "" }) => ({ trace, id, properties: { [stageProperty]: "" } }));
  // A row that is refused here is refused again with all its properties, and told then.
  await writeRows(client, write, cleared);
}
