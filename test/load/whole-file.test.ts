// What a file target says it wrote is there under its name, whatever the folder's keeper does: nothing counts as loaded
// that was not seen.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { FileStore } from "../../src/contract/files.ts";
import type { Batch, JobWrites } from "../../src/contract/write.ts";
import { wholeFileJobs } from "../../src/load/whole-file.ts";

const { signal } = new AbortController();
const text = "id\n1\n";

interface Keeper {
  jobs: JobWrites;
  batch: Batch;
  files: Map<string, string>;
}

/** A folder in memory; `keeper` changes what it does. */
function openKept(keeper: (files: Map<string, string>) => Partial<FileStore>): Keeper {
  const folder = mkdtempSync(join(tmpdir(), "loadline-target-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "batch.csv");
  writeFileSync(path, text);
  const files = new Map([["out.csv", "id\n0\n"]]);
  const store: FileStore = {
    orgId: "memory",
    warnings: [],
    has: async (name) => files.has(name),
    holds: async (name, file, by) =>
      by === "size" ? files.get(name)?.length === file.bytes : files.get(name) === readFileSync(file.path, "utf8"),
    mark: async (name) => files.get(name),
    write: async (name, file) => void files.set(name, readFileSync(file.path, "utf8")),
    rename: async (name, to) => {
      files.set(to, files.get(name) ?? "");
      files.delete(name);
    },
    close: () => undefined,
    ...keeper(files),
  };
  const batch = { object: "out.csv", operation: "insert", path, bytes: text.length, rows: 1, sha256: "" } as Batch;
  return { jobs: wholeFileJobs(store), batch: { ...batch, beside: { doneFile: "{name}.done" } }, files };
}

async function load({ jobs, batch }: Keeper): Promise<unknown> {
  const handle = await jobs.open(batch, signal);
  await jobs.upload(handle, batch, () => undefined, signal);
  await jobs.commit(handle, batch, signal);
  return jobs.inspect(handle, batch, signal);
}

test("a file and its done file get their names, and are seen there", async () => {
  const kept = openKept(() => ({}));
  expect(await load(kept)).toMatchObject({ state: "complete" });
  expect([...kept.files].sort()).toEqual([
    ["out.csv", text],
    ["out.csv.done", ""],
  ]);
});

test("renaming that is not done, done to another name, or cut short fails, and the done file is not there", async () => {
  const keepers: ((files: Map<string, string>) => FileStore["rename"])[] = [
    () => async () => undefined,
    (files) => async (name, to) => void (files.set(`${to}~`, files.get(name) ?? "") && files.delete(name)),
    (files) => async (name, to) => void (files.set(to, (files.get(name) ?? "").slice(1)) && files.delete(name)),
  ];
  for (const rename of keepers) {
    const kept = openKept((files) => ({ rename: rename(files) }));
    await expect(load(kept)).rejects.toThrow("is not there under its name");
    expect(kept.files.has("out.csv.done")).toBe(false);
  }
});

test("a file that is gone before it got its name is no success, even where the old one has its size", async () => {
  const kept = openKept(() => ({}));
  const { jobs, batch, files } = kept;
  const handle = await jobs.open(batch, signal);
  await jobs.upload(handle, batch, () => undefined, signal);
  files.delete(handle);
  await expect(jobs.commit(handle, batch, signal)).rejects.toThrow("is not there under its name");
});

test("a run that comes back looks at the bytes: its own file is complete, another one is for a person to decide", async () => {
  const { jobs, batch, files } = openKept(() => ({}));
  const handle = await jobs.open(batch, signal);
  files.set("out.csv", text).set("out.csv.done", "");
  expect(await jobs.inspect(handle, batch, signal)).toMatchObject({ state: "complete" });
  files.set("out.csv", "id\n2\n");
  expect(await jobs.inspect(handle, batch, signal)).toMatchObject({
    state: "gone",
    message: expect.stringContaining("out.csv is not in memory as it was written"),
  });
  files.set(handle, text);
  expect(await jobs.inspect(handle, batch, signal)).toEqual({ state: "open" });
});
