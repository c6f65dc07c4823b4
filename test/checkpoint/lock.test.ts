import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LockHeld, type LockRequest, takeLock } from "../../src/checkpoint/lock.ts";
import { type Running, repository, startChild } from "../support/rig.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "loadline-locks-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function startHolder(stateFolder: string): Running {
  const holder = startChild(process.execPath, [join(repository, "test/checkpoint/hold-lock.ts"), stateFolder]);
  onTestFinished(() => void holder.kill("SIGKILL"));
  return holder;
}

function request(stateFolder: string, more: Partial<LockRequest> = {}): LockRequest {
  const { signal } = new AbortController();
  return {
    stateFolder,
    name: "job-contacts",
    what: "job contacts",
    waitMs: 0,
    signal,
    onDamage: () => undefined,
    ...more,
  };
}

test("a lock that another process holds is refused with exit code 6, and its holder named", async () => {
  const folder = temporaryFolder();
  const holder = startHolder(folder);
  await holder.untilPrinted("held");
  const error = await takeLock(request(folder)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(LockHeld);
  expect((error as LockHeld).exitCode).toBe(6);
  expect((error as LockHeld).why).toContain(`process ${holder.child.pid}`);
});

test("SIGKILL frees a lock at once, however often", async () => {
  const folder = temporaryFolder();
  for (let round = 0; round < 5; round += 1) {
    const holder = startHolder(folder);
    await holder.untilPrinted("held");
    await holder.kill("SIGKILL");
    const lock = await takeLock(request(folder));
    lock[Symbol.dispose]();
  }
});

test("a stopped holder keeps its lock", async () => {
  const folder = temporaryFolder();
  const holder = startHolder(folder);
  await holder.untilPrinted("held");
  holder.child.kill("SIGSTOP");
  await expect(takeLock(request(folder))).rejects.toBeInstanceOf(LockHeld);
});

test("of several that start at once exactly one gets the lock", async () => {
  const folder = temporaryFolder();
  const holders = Array.from({ length: 4 }, () => startHolder(folder));
  const held = await Promise.all(
    holders.map((holder) =>
      holder.untilPrinted("held").then(
        () => true,
        () => false,
      ),
    ),
  );
  expect(held.filter(Boolean)).toHaveLength(1);
});

test("who waits gets the lock once it is free", async () => {
  const folder = temporaryFolder();
  const first = await takeLock(request(folder));
  const second = takeLock(request(folder, { waitMs: 60_000 }));
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
});

test("a stop ends the wait for a lock with its own reason", async () => {
  const folder = temporaryFolder();
  using _held = await takeLock(request(folder));
  const stop = new AbortController();
  const waiting = takeLock(request(folder, { waitMs: 60_000, signal: stop.signal }));
  const reason = new Error("stopped");
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test("locks with other names are free", async () => {
  const folder = temporaryFolder();
  using _job = await takeLock(request(folder));
  using _object = await takeLock(request(folder, { name: "00D-Contact" }));
  expect(true).toBe(true);
});
