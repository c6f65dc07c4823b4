import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Engine } from "../../src/stage/engine.ts";

// The abort comes at another moment of the statement's life each time: while it is prepared, an interrupt is lost.
test.each(["at once", "soon", "later"])(
  "a stop (%s) interrupts the statement that runs and refuses the next",
  async (moment) => {
    const folder = mkdtempSync(join(tmpdir(), "loadline-engine-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const stop = new AbortController();
    using engine = await Engine.open({ folder, spillFolder: folder, signal: stop.signal });
    const endless = engine.all(
      "SELECT count(*) AS n FROM range(100000000) a, range(100000000) b WHERE a.range <> b.range",
    );
    const reason = new Error("stopped");
    if (moment === "at once") stop.abort(reason);
    else if (moment === "soon") setImmediate(() => stop.abort(reason));
    else setTimeout(() => stop.abort(reason), 300);
    await expect(endless).rejects.toBe(reason);
    await expect(engine.run("SELECT 1")).rejects.toBe(reason);
  },
);
