// How much of the suite is run. The gate takes a choice in which every fault, call, mode, type and position is met; what it
// draws, it draws by a seed that is in the names of the tests. `npm run contract:full` takes every cell by itself.

import { seededFraction } from "../../src/core/random.ts";

export const fullVariable = "LOADLINE_CONTRACT_GRID";

export const isFull = process.env[fullVariable] === "full";

export const seed = Number(process.env["LOADLINE_PROPERTY_SEED"] ?? 20_261_121);

/** In an order that the seed decides. */
export function shuffle<T>(values: readonly T[]): T[] {
  const fraction = seededFraction(seed);
  return values
    .map((value) => ({ value, place: fraction() }))
    .sort((left, right) => left.place - right.place)
    .map(({ value }) => value);
}
