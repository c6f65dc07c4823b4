// Whose a stream's memory is that outlives a run: watermark, files taken, rows delivered, values written. What must hold:
// two jobs of one name in two files share nothing, and what one remembers leaves no row of the other out.

import { dirname, relative, resolve } from "node:path";
import type { DeliveredKey, DeliveredRecord } from "../../checkpoint/ledger.ts";
import type { Stream } from "../../job/job.ts";
import { type RunContext, targetOf } from "./context.ts";

export function memoryOwner(context: RunContext, stream: Stream): DeliveredKey {
  const { connection, object } = stream.target;
  return {
    job: context.job.name,
    stream: stream.name,
    targetOrg: targetOf(context, connection).orgId,
    object,
    jobFile: placeOfJob(context, context.run.jobFile),
  };
}

/** As seen from the state folder: a project that is moved keeps its memory. */
export function placeOfJob({ folder }: RunContext, jobFile: string): string {
  return placeFrom(dirname(dirname(folder)), jobFile);
}

export function placeFrom(stateFolder: string, jobFile: string): string {
  return relative(stateFolder, resolve(jobFile)).replaceAll("\\", "/");
}

/** Whether it is of this job's own file. An older loadline did not write the file down: its run says it. */
export function isOwn(context: RunContext, { jobFile, run }: { jobFile: string; run: string }): boolean {
  const own = placeOfJob(context, context.run.jobFile);
  const record = jobFile === "" ? context.ledger.run(run) : undefined;
  return jobFile === own || (record !== undefined && placeOfJob(context, record.jobFile) === own);
}

/** What a stream of this very job wrote last. */
export function findDelivered(context: RunContext, stream: Stream): DeliveredRecord | undefined {
  const own = context.ledger.delivered(memoryOwner(context, stream)).filter((record) => isOwn(context, record));
  return own.find(({ jobFile }) => jobFile !== "") ?? own[0];
}

/** That there is a memory, and none of this file. Undefined where there is nothing to be told. */
export function tellOtherOwner(
  context: RunContext,
  stream: Stream,
  records: readonly { jobFile: string; run: string }[],
): string | undefined {
  const [other] = records;
  if (other === undefined || records.some((record) => isOwn(context, record))) return undefined;
  const { jobFile } = memoryOwner(context, stream);
  const was = other.jobFile === "" ? (context.ledger.run(other.run)?.jobFile ?? "another") : other.jobFile;
  return `${stream.name}: starts anew, for what was taken and written before was by the job ${was}, and this is ${jobFile}`;
}
