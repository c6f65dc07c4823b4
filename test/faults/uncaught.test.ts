import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";

// Throws from a timer, as a stream does that fails while nobody listens, once the program has begun.
const thrower = `
  const waiting = setInterval(() => {
    if (process.listenerCount("SIGTERM") === 0) return;
    clearInterval(waiting);
    throw new Error("nobody waited for this");
  }, 1);`;

test("an error that no code waited for is told like any other, with its exit code", async () => {
  await using project = createProject({});
  const options = { env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(thrower)}` } };
  const ended = await project.start(["sandbox", "--salesforce-port", "0", "--hubspot-port", "0"], options).finished;
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain("internal error: nobody waited for this\n  This is a defect of loadline.");
  expect(ended.stderr).not.toContain("    at ");
});
