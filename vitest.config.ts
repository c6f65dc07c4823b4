// Projects: what only reads the source (part of `npm run check`), and everything else, which may start the built program.
// No retries anywhere: a test that passes the second time is a defect to find.

import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

/** CI counts from this file (.ci/run), and what the tests cost is told from it (scripts/test.ts). */
const results = process.env["LOADLINE_TEST_RESULTS"];

export default defineConfig({
  test: {
    reporters: results === undefined ? ["default"] : ["default", ["json", { outputFile: results }]],
    retry: 0,
    // Most tests wait for processes of their own, some for time to pass; four files at a time keep two cores busy.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    testTimeout: 600_000,
    hookTimeout: 600_000,
    projects: [
      {
        extends: true,
        test: { name: "architecture", include: ["test/architecture.test.ts", "test/module-state.test.ts"] },
      },
      {
        extends: true,
        test: {
          name: "loadline",
          include: ["test/**/*.test.ts"],
          // A process for all files that a worker runs: modules are loaded and compiled once.
          isolate: false,
          exclude: ["test/architecture.test.ts", "test/module-state.test.ts"],
          setupFiles: ["test/support/each-file.ts"],
          globalSetup: ["test/support/build-program.ts"],
        },
      },
    ],
  },
});
