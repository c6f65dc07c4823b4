import fc from "fast-check";
import { expect, test } from "vitest";
import { CallFault } from "../../src/http/outcome.ts";
import type { LoadedBatch } from "../../src/load/loaded-batch.ts";
import { loadBatch } from "../../src/load/write.ts";
import { casesOf } from "../support/cases.ts";
import { Death, type Mishap, mishaps, ScriptedRemote } from "./remote.ts";

const planned: LoadedBatch = {
  number: 1,
  stream: "contacts",
  object: "Contact",
  operation: "insert",
  externalId: null,
  path: "batches/contacts-00001.csv",
  bytes: 1,
  rows: 1,
  state: "planned",
  handle: null,
  attempts: 0,
  sha256: "",
  via: "bulk",
  again: false,
};

const usual = fc.constantFrom<Mishap>("done");
const script = fc.array(fc.oneof({ weight: 2, arbitrary: usual }, fc.constantFrom<Mishap>(...mishaps)), {
  maxLength: 40,
});

test("a batch lands exactly once, whatever is refused, lost or late and wherever the process dies", async () => {
  await fc.assert(
    fc.asyncProperty(script, async (mishapsInOrder) => {
      const remote = await loadToTheEnd(mishapsInOrder);
      expect(remote.batch.state).toBe("settled");
      expect(remote.landed).toBe(1);
    }),
    { numRuns: casesOf(4_000), seed: 1 },
  );
});

test("a batch without a handle is written until it is told of, and its own rows are never taken for a stranger's", async () => {
  await fc.assert(
    fc.asyncProperty(script, async (mishapsInOrder) => {
      const remote = await loadToTheEnd(mishapsInOrder, { ...planned, operation: "upsert", via: "collections" });
      expect(remote.batch.state).toBe("settled");
      expect(remote.written).toBeGreaterThan(0);
      expect(remote.told).not.toBe("found");
    }),
    { numRuns: casesOf(4_000), seed: 1 },
  );
});

test("a batch that a database remembers lands exactly once, whatever is refused, lost or late and wherever the process dies", async () => {
  await fc.assert(
    fc.asyncProperty(script, async (mishapsInOrder) => {
      const remote = await loadToTheEnd(mishapsInOrder, { ...planned, via: "transaction" });
      expect(remote.batch.state).toBe("settled");
      expect(remote.landed).toBe(1);
      expect([...remote.marks]).toEqual([remote.batch.handle]);
    }),
    { numRuns: casesOf(4_000), seed: 1 },
  );
});

test("nothing is written by a call before the ledger knows of it", async () => {
  // The entries of `intent` and `committed`, then the call.
  const batch = { ...planned, operation: "upsert" as const, via: "collections" as const };
  for (const [script, written] of [
    [["dies before"], 0],
    [["dies after"], 0],
    [["done", "dies before"], 0],
    [["done", "dies after"], 0],
    [["done", "done", "dies after"], 1],
  ] as const) {
    const remote = new ScriptedRemote(script, batch);
    await expect(loadBatch(remote.batch, remote.context())).rejects.toThrow(Death);
    expect(remote.written).toBe(written);
    if (written > 0) expect(remote.batch.state).toBe("committed");
  }
});

test("a commit that is refused because an earlier one had its effect late is not taken for a refusal", async () => {
  // open, its entry, upload, the decision to commit; the first commit is late, the second comes after it.
  const remote = await loadToTheEnd(["done", "done", "done", "done", "done", "late", "lost before", "done", "done"]);
  expect(remote.landed).toBe(1);
  expect(remote.handles.size).toBe(1);
});

test("an upload in doubt is given up with its handle and made again on another", async () => {
  const remote = await loadToTheEnd(["done", "done", "done", "lost after"]);
  expect([...remote.handles.values()].map(({ state }) => state)).toEqual(["aborted", "complete"]);
  expect(remote.landed).toBe(1);
});

/** Goes on after every death and every failure, as `resume` would. */
async function loadToTheEnd(mishapsInOrder: readonly Mishap[], batch = planned): Promise<ScriptedRemote> {
  const remote = new ScriptedRemote(mishapsInOrder, batch);
  for (let attempt = 0; attempt < 100 && remote.batch.state !== "settled"; attempt += 1) {
    try {
      await loadBatch(remote.batch, remote.context());
    } catch (error) {
      if (!(error instanceof Death || error instanceof CallFault) && (error as Error).name !== "Failure") throw error;
    }
  }
  return remote;
}
