// The lane that the tests of a file share: one sandbox, which each test begins anew.

import { beforeAll } from "vitest";
import { type Lane, openLane } from "../crash/load.ts";
import { builtProgram } from "../crash/program.ts";

/** To be called at the top of a file. What it gives can be used once the tests run, and goes after the last of them. */
export function useLane(): Lane {
  const lane = {} as Lane;
  beforeAll(async () => {
    Object.assign(lane, await openLane(builtProgram));
    return () => lane[Symbol.asyncDispose]();
  });
  return lane;
}
