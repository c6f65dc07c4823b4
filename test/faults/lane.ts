// The lane that the tests of a file share: a program of its own, and one sandbox that each test begins anew.

import { beforeAll } from "vitest";
import { type Lane, openLane } from "../crash/load.ts";
import { buildProgram } from "../crash/program.ts";

/** To be called at the top of a file. What it gives can be used once the tests run, and goes after the last of them. */
export function useLane(): Lane {
  const lane = {} as Lane;
  beforeAll(async () => {
    const program = buildProgram();
    Object.assign(lane, await openLane(program));
    return async () => {
      await lane[Symbol.asyncDispose]();
      program[Symbol.dispose]();
    };
  });
  return lane;
}
