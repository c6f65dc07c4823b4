import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Engine } from "../../src/stage/engine.ts";

test("a stop interrupts the statement that runs and refuses the next, with its own reason", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-engine-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const stop = new AbortController();
  using engine = await Engine.open({ folder, spillFolder: folder, signal: stop.signal });
  const endless = engine.all(
    "SELECT count(*) AS n FROM range(100000000) a, range(100000000) b WHERE a.range <> b.range",
  );
  const reason = new Error("stopped");
  setImmediate(() => stop.abort(reason));
  await expect(endless).rejects.toBe(reason);
  await expect(engine.run("SELECT 1")).rejects.toBe(reason);
});
