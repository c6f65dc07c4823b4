import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLoad, resume, runJob } from "../crash/load.ts";
import { useLane } from "./lane.ts";

const oneBatch = 100;
const diskMegabytes = 24;

const lane = useLane();

test.skipIf(!canMount()).each(["planned", "uploaded", "closed", "settled"])(
  "a disk that is full after `%s` is said in a sentence, and resume works once there is space",
  async (step) => {
    await using load = await openLoad(lane, "insert", oneBatch);
    const disk = load.project.path(".loadline");
    using _mounted = mount(disk);
    await load.run(runJob, { LOADLINE_FAILPOINT: `${step}:1` });
    const filler = fill(disk);
    const stopped = await load.run(resume);
    expect([1, 75]).toContain(stopped.code);
    expect(stopped.stderr).toContain("disk is full");
    expect(stopped.stderr).toContain("loadline resume");
    expect(stopped.stderr).not.toContain("internal error");
    rmSync(filler);
    const last = await load.run(resume);
    expect(last.code, last.stderr).toBe(0);
    expect(await load.judge({ replanned: false, last })).toEqual({ lost: [], doubled: [], wrong: [], counts: [] });
  },
);

/** Takes what is left, to the last byte. */
function fill(disk: string): string {
  const filler = join(disk, "filler");
  for (const size of [1 << 20, 1 << 12, 1]) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
  return filler;
}

function mount(folder: string): Disposable {
  mkdirSync(folder);
  const made = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${diskMegabytes}m`, "tmpfs", folder]);
  if (made.status !== 0) throw new Error(`mounting a disk of its own: ${String(made.stderr)}`);
  return { [Symbol.dispose]: () => void spawnSync("umount", ["-l", folder]) };
}

/** A disk of its own wants the right to mount one; elsewhere the test is skipped. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "loadline-mount-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status === 0;
  if (mounted) spawnSync("umount", [folder]);
  rmdirSync(folder);
  return mounted;
}
