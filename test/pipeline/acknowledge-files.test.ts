import { expect, test } from "vitest";
import type { TakeRecord } from "../../src/checkpoint/ledger.ts";
import type { FileCatalog } from "../../src/contract/files.ts";
import type { Stream } from "../../src/job/job.ts";
import type { RunContext } from "../../src/pipeline/run/context.ts";
import { acknowledgeFiles } from "../../src/pipeline/settle/acknowledge-files.ts";

/** A server that looks whether a name is free, and then renames over whatever has it: some do. */
class CarelessServer {
  readonly files: Map<string, string>;
  moving = 0;
  movingMost = 0;

  constructor(labels: readonly string[]) {
    this.files = new Map(labels.map((label) => [label, label]));
  }

  catalog(): FileCatalog {
    return {
      readOnly: false,
      look: async (label: string) => (this.files.has(label) ? { label, bytes: 1, modifiedMs: 1 } : undefined),
      move: async (label: string, to: string) => {
        this.moving += 1;
        this.movingMost = Math.max(this.movingMost, this.moving);
        const isFree = !this.files.has(to);
        await new Promise(setImmediate);
        if (isFree) {
          this.files.set(to, this.files.get(label) ?? "");
          this.files.delete(label);
        }
        this.moving -= 1;
        return isFree;
      },
    } as unknown as FileCatalog;
  }
}

async function acknowledge(server: CarelessServer, labels: readonly string[]): Promise<string[]> {
  const takes = labels.map((label, ordinal) => ({ label, ordinal, bytes: 1, modifiedMs: 1, acknowledged: false }));
  const saved: string[] = [];
  const context = {
    ledger: {
      takes: () => takes,
      parts: () => [],
      saveTakes: (records: TakeRecord[]) => saved.push(...records.map(({ label }) => label)),
    },
    run: { id: "run", options: {} },
    signal: new AbortController().signal,
    emit: () => undefined,
    sources: new Map([["vendor", { files: server.catalog() }]]),
  } as unknown as RunContext;
  const source = { kind: "files", connection: "vendor", files: "*.csv", after: { kind: "move", folder: "done" } };
  await acknowledgeFiles(context, { name: "rows", source } as unknown as Stream);
  return saved;
}

test("files are moved several at a time, and none over another one, whatever the server does", async () => {
  const labels = ["a.csv", "a.2.csv", "a.2.2.csv", "a.3.csv", "b.csv", "c.csv", "d.csv", "e.csv", "f.csv", "g.csv"];
  const server = new CarelessServer(labels);
  server.files.set("done/a.csv", "before");
  const saved = await acknowledge(server, labels);
  expect(saved.sort()).toEqual(labels.toSorted());
  expect([...server.files.values()].sort()).toEqual(["before", ...labels].sort());
  expect([...server.files.keys()].filter((name) => !name.startsWith("done/"))).toEqual([]);
  expect(server.movingMost).toBe(8);
});

test("a file that can't be moved stops the others, and those that were moved are remembered", async () => {
  const labels = Array.from({ length: 40 }, (_, index) => `${index}.csv`);
  const server = new CarelessServer(labels);
  const catalog = server.catalog();
  server.catalog = () => ({
    ...catalog,
    move: (label, to) => (label === "9.csv" ? Promise.reject(new Error("no right to")) : catalog.move(label, to)),
  });
  await expect(acknowledge(server, labels)).rejects.toThrow("no right to");
  const moved = [...server.files.keys()].filter((name) => name.startsWith("done/"));
  expect(moved.length).toBeGreaterThan(8);
  expect(moved.length).toBeLessThan(20);
});
