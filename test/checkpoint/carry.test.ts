// An exported state as a file: written whole, told where it is not, compared before it replaces anything.

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exportState } from "../../src/checkpoint/carry/export-state.ts";
import { importState } from "../../src/checkpoint/carry/import-state.ts";
import { isStatePath, openStateFile, writeStateFile } from "../../src/checkpoint/carry/state-file.ts";
import { Ledger } from "../../src/checkpoint/ledger.ts";
import { holdSqliteFile, openSqlite, openSqliteFile } from "../../src/core/sqlite.ts";
import { filledLedger, temporaryFolder } from "./filled-ledger.ts";

/** More than one chunk, which no compression makes smaller. */
const noise = Buffer.concat(Array.from({ length: 35_000 }, (_, n) => createHash("sha256").update(String(n)).digest()));

/** A state with a file of each kind. */
function stateFolder(): string {
  const folder = filledLedger();
  for (const name of ["inserted", "seen", "runs/r1/results"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "inserted/r1-contacts.parquet"), noise);
  writeFileSync(join(folder, "seen/empty.parquet"), "");
  writeFileSync(join(folder, "runs/r1/results/contacts-00001.csv"), "id\n1\n");
  return folder;
}

const names = ["inserted/r1-contacts.parquet", "seen/empty.parquet", "runs/r1/results/contacts-00001.csv"];

async function exportTo(folder: string, file: string) {
  using ledger = Ledger.open(folder);
  return await exportState(ledger, folder, file, names);
}

function moveOn(folder: string): void {
  using ledger = Ledger.open(folder);
  const [run] = ledger.runs();
  if (run !== undefined) ledger.saveRun({ ...run, status: "failed" });
}

function lookAt(folder: string) {
  using ledger = Ledger.open(folder);
  return { about: ledger.about, runs: ledger.runs(), memory: ledger.memory() };
}

test("what is exported is there again, byte for byte, private, and its ledger whole", async () => {
  const [from, to, out] = [stateFolder(), temporaryFolder(), temporaryFolder()];
  const file = join(out, "state.ldl");
  const exported = await exportTo(from, file);
  expect(exported).toMatchObject({ generation: 1, follows: null, files: 4 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(out)).toEqual(["state.ldl"]);
  expect(importState(to, file)).toMatchObject({ generation: 1, replaces: null, isThere: false });
  for (const name of names) {
    expect(readFileSync(join(to, name)).equals(readFileSync(join(from, name)))).toBe(true);
    expect(statSync(join(to, name)).mode & 0o777).toBe(0o600);
  }
  const there = lookAt(to);
  expect(there.memory).toEqual(lookAt(from).memory);
  expect(there.about.id).toBe(lookAt(from).about.id);
  expect(readdirSync(to).filter((name) => name.startsWith("import"))).toEqual([]);
});

test("a file with one changed byte, or a part of one, is told; what is here stays", async () => {
  const [from, out] = [stateFolder(), temporaryFolder()];
  const file = join(out, "state.ldl");
  await exportTo(from, file);
  const whole = readFileSync(file);
  const here = stateFolder();
  await exportTo(here, join(out, "own.ldl"));
  const before = lookAt(here);
  let told = 0;
  const steps = 40;
  for (let step = 0; step < steps; step += 1) {
    const at = Math.floor((whole.length / steps) * step) + (step % 97);
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (step % 8)), at);
    writeFileSync(join(out, "flipped.ldl"), flipped);
    const to = temporaryFolder();
    try {
      using state = openStateFile(join(out, "flipped.ldl"));
      state.unpack(to);
      // A byte that means nothing.
      for (const name of names) expect(readFileSync(join(to, name)).equals(readFileSync(join(from, name)))).toBe(true);
    } catch (error) {
      told += 1;
      expect(String(error)).toMatch(/is damaged|is no state that|a newer loadline/);
    }
  }
  expect(told).toBeGreaterThan(35);
  for (const bytes of [0, 50, 5000, whole.length - 4096]) {
    writeFileSync(join(out, "cut.ldl"), whole);
    truncateSync(join(out, "cut.ldl"), bytes);
    expect(() => importState(here, join(out, "cut.ldl"))).toThrow(/is damaged|is no state that/);
  }
  expect(lookAt(here)).toEqual(before);
});

test("a file of another kind, of a newer format, or that names a place outside is refused by name", () => {
  const out = temporaryFolder();
  const file = (name: string) => join(out, name);
  writeFileSync(file("text"), "id,name\n1,Ann\n".repeat(100));
  openSqlite(file("other"), { synchronous: "OFF" }).close();
  const header = {
    ledger: "l",
    commits: 1,
    generation: 1,
    line: ["t"],
    exported: "2026-11-26T00:00:00.000Z",
    folder: out,
  };
  writeStateFile(file("newer"), header, new Map());
  const database = openSqliteFile(file("newer"));
  database.exec("PRAGMA user_version = 2");
  database.close();
  writeStateFile(file("outside"), header, new Map([["runs/r1/../../../x", file("text")]]));
  for (const [name, why] of [
    ["text", "is no state that loadline exported"],
    ["other", "is no state that loadline exported"],
    ["newer", "exported by a newer loadline (format 2)"],
    ["outside", 'holds "runs/r1/../../../x"'],
    ["none", "there is no file"],
  ] as const) {
    expect(() => openStateFile(file(name)), name).toThrow(why);
  }
  expect(["ledger.db", "seen/a", "runs/r/x/y"].every(isStatePath)).toBe(true);
  expect(
    ["ledger.mark", "locks/x", "seen", "seen/a/b", "/etc/x", "runs/a/./b", "runs/..", "runs//x", "runs/a\\b"].some(
      isStatePath,
    ),
  ).toBe(false);
});

test("of two that stem from one generation the second is refused, at export and at import", async () => {
  const [left, right, out] = [stateFolder(), temporaryFolder(), temporaryFolder()];
  const file = join(out, "state.ldl");
  await exportTo(left, file);
  importState(right, file);
  moveOn(left);
  moveOn(right);
  const atLeft = join(out, "left");
  cpSync(left, atLeft, { recursive: true });
  expect(await exportTo(left, file)).toMatchObject({ generation: 2, follows: 1 });
  await expect(exportTo(right, file)).rejects.toThrow("is not the state that this one follows");
  await expect(exportTo(right, file)).rejects.toMatchObject({
    exitCode: 4,
    why: expect.stringContaining("generation 2"),
  });
  // What ran at the right would be lost.
  expect(() => importState(right, file)).toThrow("was not imported");
  // To a name of its own each may go: then the two are told apart.
  await exportTo(right, join(out, "right.ldl"));
  expect(() => importState(right, file)).toThrow(
    expect.objectContaining({ why: expect.stringContaining("another one than the file stems from") }),
  );
  await expect(exportTo(right, file)).rejects.toMatchObject({ why: expect.stringContaining("another generation 2") });
  // And a copy of the left one, made before its export, has what is in no export by its own word.
  expect(() => importState(atLeft, file)).toThrow(
    expect.objectContaining({ why: expect.stringContaining("in no export") }),
  );
});

test("an older one is not imported over a newer one, a newer one over an older one is, the same one is there already", async () => {
  const [left, right, out] = [stateFolder(), temporaryFolder(), temporaryFolder()];
  const [first, second] = [join(out, "1.ldl"), join(out, "2.ldl")];
  await exportTo(left, first);
  importState(right, first);
  expect(importState(right, first)).toMatchObject({ isThere: true });
  writeFileSync(join(right, "seen/gone.parquet"), "outdated");
  moveOn(left);
  await exportTo(left, second);
  expect(importState(right, second)).toMatchObject({ generation: 2, replaces: 1 });
  expect(readdirSync(join(right, "seen"))).toEqual(["empty.parquet"]);
  expect(lookAt(right).runs.map(({ status }) => status)).toEqual(["failed"]);
  expect(() => importState(right, first)).toThrow(
    expect.objectContaining({ why: expect.stringContaining("generation 2 is here, which is newer") }),
  );
  const stranger = filledLedger();
  expect(() => importState(stranger, first)).toThrow(
    expect.objectContaining({ why: expect.stringContaining("was never exported") }),
  );
});

test("while another process exports into a file it is held, and a file that is none is never written over", async () => {
  const [from, out] = [stateFolder(), temporaryFolder()];
  const file = join(out, "state.ldl");
  await exportTo(from, file);
  const held = holdSqliteFile(file);
  await expect(exportTo(from, file)).rejects.toMatchObject({ exitCode: 6 });
  held?.close();
  const notes = join(out, "notes.txt");
  writeFileSync(notes, "do not lose\n");
  await expect(exportTo(from, notes)).rejects.toThrow("is no state that loadline exported");
  expect(readFileSync(notes, "utf8")).toBe("do not lose\n");
});
