// How long a target worked on the batches of the run before. In: the log of that run, while its folder is there. Out: rows
// and time of each job. What must hold: it decides only when a target is asked first, so that nothing is lost with it.

import { dirname } from "node:path";
import type { Stream } from "../../job/job.ts";
import type { EarlierBatch } from "../../load/polls.ts";
import { readLog } from "../../report/event-log.ts";
import type { RunContext } from "../run/context.ts";
import { runFolder } from "../run/run-files.ts";

export function earlierBatches({ ledger, run, job, folder }: RunContext, stream: Stream): EarlierBatch[] {
  const own = ledger.streams(run.id).find(({ name }) => name === stream.name);
  const [last] = own === undefined ? [] : ledger.settledStreams(job.name, own);
  if (last === undefined) return [];
  const told = [...readLog(runFolder(dirname(dirname(folder)), last.run))];
  return told.flatMap((event) =>
    event.type === "job-ended" && event.stream === stream.name ? [{ rows: event.rows, ms: event.ms }] : [],
  );
}
