// loadline test --from-run: a test case from a row that a run took. In: a run that is kept, a line of its source. Out: the
// case, as YAML for the job's `tests`. Must hold: nothing is written; no system is asked.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Ledger } from "../checkpoint/ledger.ts";
import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Job, Stream } from "../job/job.ts";
import { readJob } from "../job/read-job.ts";
import { writeTest } from "../job/write-job.ts";
import { readUnloaded } from "../pipeline/rows/unloaded-rows.ts";
import { readPseudonymKey } from "../pipeline/run/pseudonym-key.ts";
import { runFolder } from "../pipeline/run/run-files.ts";
import { keptJobFile } from "../pipeline/runs/recovery.ts";
import { readProjectConnections } from "../pipeline/tools/connections.ts";
import { type CaseFromRow, makeCase } from "../pipeline/tools/trial/case-from-row.ts";
import { readKeptRow } from "../pipeline/tools/trial/kept-row.ts";
import { printNotice, printOut } from "../report/output.ts";
import { findRun, type KeptRun } from "./find-run.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { openOffline } from "./offline.ts";
import { findProject, readProjectEnvironment, readProjectJob } from "./project.ts";

export interface FromRunFlags {
  fromRun?: string;
  row?: number;
  stream?: string;
  file?: string;
}

export async function writeCaseFromRun(
  globals: Globals,
  fromRun: string,
  flags: FromRunFlags & { schema?: string },
): CommandResult {
  const { row } = flags;
  if (row === undefined || row === 0) {
    throw usageFailure("which row of the run?", {
      next: `loadline test --from-run ${fromRun} --row <line>: the line of the source file, loadline_line in the rejects' file`,
    });
  }
  const project = findProject(globals);
  const run = findRun(project, fromRun, undefined);
  const environment = readProjectEnvironment(globals, project.folder);
  const connections = readProjectConnections(join(project.folder, "connections.yaml"), environment);
  const job = readProjectJob(run.jobFile, connections);
  const stream = chooseStream(job, run, flags.stream);
  const { signal } = globals;
  const kept = await readKeptRow({ ...partsOf(run, stream), row, file: flags.file, signal });
  await using offline = await openOffline(project.folder, connections, flags.schema);
  const made = await makeCase({
    job,
    stream,
    name: nameTest(job, `row ${row} of ${kept.label}`),
    cells: kept.cells,
    connections: offline.connections,
    pseudonymKey: readPseudonymKey(job, environment),
    signal,
  });
  const notes = [...made.notes, ...(await compareWithRun(run, stream, { row, label: kept.label, made }))];
  for (const note of notes) printNotice(`! ${note}`);
  const { written, masked } = made;
  const told = { run: run.id, job: job.name, stream: stream.name, file: kept.label, row };
  if (globals.json) printOut(JSON.stringify({ ...told, test: written, masked, notes, exitCode: exitCode.done }));
  else printOut(writeTest(written));
  return exitCode.done;
}

function chooseStream({ streams }: Job, run: KeptRun, named: string | undefined): Stream {
  const names = streams.map(({ name }) => name).join(", ");
  const [first, ...others] = streams.filter(({ name }) => named === undefined || name === named);
  if (first === undefined) {
    throw usageFailure(`the job of run ${run.id} has no stream ${named}`, { next: `its streams: ${names}` });
  }
  if (others.length > 0) {
    throw usageFailure("the row of which stream?", { next: `name one: --stream, of ${names}` });
  }
  if (first.source.kind === "files") return first;
  throw usageFailure(`stream ${first.name} reads records of an object, and these stand in no line`, {
    next: "write the case by hand: docs/job-file.md, Tests; loadline preview shows what records hold",
  });
}

/** What the run took, and how its files were written then: the job may have changed since. */
function partsOf(run: KeptRun, stream: Stream) {
  const copy = keptJobFile(run.stateFolder, run);
  if (!existsSync(copy)) {
    throw usageFailure(`the folder of run ${run.id} is gone, and the rows with it`, {
      where: { file: runFolder(run.stateFolder, run.id) },
      why: "folders of runs are deleted after keep.runs of the job, 14 days unless it says otherwise",
      next: "name a newer run of loadline runs, or write the case by hand: docs/job-file.md, Tests",
    });
  }
  const then = readJob(copy).streams.find(({ name }) => name === stream.name)?.source;
  using ledger = Ledger.open(run.stateFolder);
  const parts = then?.kind === "files" ? ledger.parts(run.id, stream.name) : [];
  return { run: run.id, stream: stream.name, parts, format: then?.format ?? stream.source.format };
}

/** Tests are told apart by their names. */
function nameTest({ tests }: Job, name: string): string {
  const names = new Set(tests.map((one) => one.name));
  let free = name;
  for (let number = 2; names.has(free); number += 1) free = `${name} (${number})`;
  return free;
}

interface Compared {
  row: number;
  label: string;
  made: CaseFromRow;
}

/** A case has one row and a target without records: what became of the row in the run may need more. */
async function compareWithRun(run: KeptRun, stream: Stream, { row, label, made }: Compared): Promise<string[]> {
  let wasRejected = false;
  for await (const { kind, place, file } of readUnloaded(runFolder(run.stateFolder, run.id), stream.name)) {
    if (kind === "rejects" && place === String(row) && (file === "" || file === label)) wasRejected = true;
  }
  if (wasRejected === made.isRejected) return [];
  return [
    wasRejected
      ? "the run rejected this row, and by itself it is none: another row or the target had a part in it"
      : "the run did not reject this row: the case's target holds nothing; add given_target, then test --update",
  ];
}
