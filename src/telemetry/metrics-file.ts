// A file for node_exporter's textfile collector (https://github.com/prometheus/node_exporter#textfile-collector): it reads
// *.prom, takes no timestamps, and must never see half a file, so a new one takes the place of the old by renaming. In:
// the summary of a run. Out: the file with the series of its job. Must hold: jobs that share a file, at the same time too,
// keep their series; a file that is somebody else's is left alone.

import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { monotonicMs, now, wait } from "../core/clock.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { type DatabaseSync, openSqliteLock } from "../core/sqlite.ts";
import type { RunSummary } from "../report/summary.ts";
import { renderMetrics } from "./metrics.ts";

const lockMsMax = 5000;
const lockRetryMs = 50;
/** node_exporter runs as a user of its own. */
const readableByAll = 0o644;

/** Throws a Failure where the file can't be written. */
export async function writeMetrics(path: string, summary: RunSummary): Promise<void> {
  const lock = await lockBeside(path);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const present = existsSync(path) ? readFileSync(path, "utf8") : "";
    const text = renderMetrics(present, summary, now());
    if (text === undefined) {
      throw new Failure(exitCode.failed, "the file has metrics that loadline has not written", {
        where: { file: path },
        next: "name a file that is loadline's own",
      });
    }
    writeFileSync(temporary, text);
    chmodSync(temporary, readableByAll);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
    lock.close();
  }
}

/** Held while a file is read and written anew; the system frees it with the process. */
async function lockBeside(path: string): Promise<DatabaseSync> {
  const lock = join(dirname(path), `.${basename(path)}.lock`);
  const deadline = monotonicMs() + lockMsMax;
  for (;;) {
    const held = openSqliteLock(lock, () => undefined);
    if (held !== undefined) return held;
    if (monotonicMs() >= deadline)
      throw new Failure(exitCode.failed, "another process holds the file", { where: { file: path } });
    await wait(lockRetryMs);
  }
}
