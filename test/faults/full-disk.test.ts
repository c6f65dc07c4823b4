import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import { openLoad, resume, runJob } from "../crash/load.ts";
import { canMount, fillDisk, mountDisk } from "../support/disk.ts";
import { useLane } from "./lane.ts";

const oneBatch = 100;
const diskMegabytes = 24;

const lane = useLane();

test.skipIf(!canMount).each(["planned", "closed"])(
  "a disk that is full after `%s` is said in a sentence, and resume works once there is space",
  async (step) => {
    await using load = await openLoad(lane, "insert", oneBatch);
    const disk = load.project.path(".loadline");
    using _mounted = mountDisk(disk, diskMegabytes);
    await load.run(runJob, { LOADLINE_FAILPOINT: `${step}:1` });
    const filler = fillDisk(disk);
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
