// loadline rejects: what a run did not load. In: a run, or a job. Out: rows by reason; a file for a person to mend; the
// rows loaded again, or dropped. Must hold: rows that are loaded again go the way of every row.

import { createWriteStream, existsSync } from "node:fs";
import { resolve } from "node:path";
import { finished } from "node:stream/promises";
import { stringify } from "csv-stringify";
import { Ledger } from "../checkpoint/ledger.ts";
import { Failure, pathInCommand, showPath, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { isTakenAgain } from "../job/coming-records.ts";
import type { Job } from "../job/job.ts";
import { readJob } from "../job/read-job.ts";
import { readMended } from "../pipeline/extract/read-mended.ts";
import { delimiterOf } from "../pipeline/rows/rejects-by-file.ts";
import { fieldColumn, fullRowId, isOurs, parseRowId, rowIdColumn } from "../pipeline/rows/unloaded-rows.ts";
import { isResumable } from "../pipeline/run/resumable.ts";
import { listOpen, listOpenRuns, type OpenStream, readOpen, type StreamKind } from "../pipeline/tools/open-rejects.ts";
import { countOf } from "../report/numbers.ts";
import { renderOpen, renderOpenRuns } from "../report/open-rejects-view.ts";
import { lookOfOut, printNotice, printOut } from "../report/output.ts";
import { findRun, type KeptRun, readHistory, runsOfJob } from "./find-run.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { outFile } from "./out-file.ts";
import { orUnstarted } from "./present.ts";
import { findProject } from "./project.ts";
import { runAgain } from "./run.ts";

export interface RejectsFlags {
  job?: string;
  stream?: string;
  export?: string;
  bom?: boolean;
  /** True without a file. */
  retry?: string | true;
  older?: boolean;
  drop?: boolean;
  reason?: string;
  yes?: boolean;
}

export async function showRejects(globals: Globals, id: string | undefined, flags: RejectsFlags): CommandResult {
  refuseUseless(id, flags);
  if (flags.job !== undefined && id === undefined) return listJob(globals, flags.job);
  const run = findRun(findProject(globals), id, flags.job, mayHaveLeft);
  using ledger = Ledger.open(run.stateFolder);
  refuseUnfinished(ledger, run);
  const job = readKnownJob(run);
  const all = await listOpen(ledger, run.stateFolder, run, (stream) => kindOf(job, stream));
  const streams = chooseStreams(all, flags.stream, run);
  const isAct = [flags.export, flags.retry, flags.drop].some((one) => one !== undefined);
  if (isAct && streams.every(({ open }) => open === 0)) refuseTakenAgain(streams, run);
  if (flags.export !== undefined) return await exportRows(globals, ledger, run, { streams, flags, out: flags.export });
  if (flags.drop === true) return await dropRows(globals, ledger, run, streams, flags.reason ?? "");
  if (flags.retry !== undefined) return await orUnstarted(globals, run, () => retryRows(globals, run, streams, flags));
  const open = streams.reduce((sum, one) => sum + one.open, 0);
  const next = open === 0 ? "loadline runs" : exportCommand(run, streams);
  if (!globals.json) printOut(renderOpen(run.id, streams, next, lookOfOut(globals.color)));
  else printOut(JSON.stringify({ run: run.id, job: run.job, streams: asJson(streams), exitCode: exitCode.done, next }));
  return exitCode.done;
}

/** A file has the columns of one stream. */
function exportCommand({ id }: KeptRun, streams: readonly OpenStream[]): string {
  const [one, ...others] = streams.filter(({ open }) => open > 0);
  const chosen = one === undefined || others.length === 0 ? "" : ` --stream ${one.stream}`;
  return `loadline rejects ${id}${chosen} --export rejects.csv`;
}

/** A plan has loaded nothing, and what was refused, a retry of a file that is not right say, has taken nothing. */
function mayHaveLeft({ command, exitCode: code }: KeptRun): boolean {
  return command !== "plan" && code !== exitCode.usage;
}

function asJson(streams: readonly OpenStream[]): object {
  return Object.fromEntries(streams.map(({ stream, ...told }) => [stream, told]));
}

function refuseUseless(id: string | undefined, flags: RejectsFlags): void {
  const does = [flags.export !== undefined, flags.retry !== undefined, flags.drop === true].filter(Boolean).length;
  if (does > 1) throw usageFailure("--export, --retry and --drop are three things: only one can be done at a time");
  if (id === undefined && flags.job === undefined) {
    throw usageFailure("whose rejects?", {
      next: "loadline rejects latest, or with an id of loadline runs; --job <name>",
    });
  }
  if (id === undefined && does > 0) {
    throw usageFailure("rows are exported, retried and dropped run by run", {
      next: `loadline rejects --job ${flags.job ?? ""} lists the runs; then name one`,
    });
  }
  if (flags.drop === true && (flags.reason ?? "").trim() === "") {
    throw usageFailure("--drop ends rows for good, and wants a --reason", { next: 'add --reason "why"' });
  }
  if (flags.reason !== undefined && flags.drop !== true) throw usageFailure("--reason goes with --drop");
  if (flags.older === true && flags.retry === undefined) throw usageFailure("--older goes with --retry");
  if (flags.bom === true && flags.export === undefined) throw usageFailure("--bom goes with --export");
}

/** What can still be gone on with has no rows that were not loaded for good. */
function refuseUnfinished(ledger: Ledger, run: KeptRun): void {
  if (run.command === "plan") {
    throw usageFailure(`${run.id} is a plan: it has loaded nothing`, { next: `loadline show ${run.id}` });
  }
  const record = ledger.run(run.id);
  if (record === undefined || !isResumable(ledger, record)) return;
  throw usageFailure(`run ${run.id} has not come to its end`, { next: `loadline resume ${run.id}` });
}

function chooseStreams(all: readonly OpenStream[], stream: string | undefined, run: KeptRun): OpenStream[] {
  const found = all.filter((one) => stream === undefined || one.stream === stream);
  if (stream === undefined || found.length > 0) return found;
  throw usageFailure(`run ${run.id} has left no row of a stream ${stream}`, {
    next: `streams with rows: ${all.map((one) => one.stream).join(", ") || "none"}`,
  });
}

/** A later run has taken the rows as the source had them then: the old ones must not be written over those. */
function refuseTakenAgain(streams: readonly OpenStream[], run: KeptRun): void {
  const again = streams.find(({ takenAgain }) => takenAgain !== undefined);
  if (again === undefined) return;
  throw usageFailure(`run ${again.takenAgain} has taken the rows of stream ${again.stream} again since`, {
    why: `what run ${run.id} left of them is older`,
    next: `loadline rejects ${again.takenAgain}`,
  });
}

interface Export {
  streams: readonly OpenStream[];
  flags: RejectsFlags;
  out: string;
}

/** In the delimiter of the source; what a person mends is what the source said, so nothing is hidden. */
async function exportRows(
  { json }: Globals,
  ledger: Ledger,
  run: KeptRun,
  { streams, flags, out }: Export,
): CommandResult {
  const tell = (told: { stream: string | null; file: string | null; rows: number; next: string }) => {
    if (json) printOut(JSON.stringify({ run: run.id, job: run.job, ...told, exitCode: exitCode.done }));
  };
  const [one, ...others] = streams.filter(({ open }) => open > 0);
  if (one === undefined) {
    printNotice("no row is open: nothing to export");
    tell({ stream: null, file: null, rows: 0, next: "loadline runs" });
    return exitCode.done;
  }
  if (others.length > 0) {
    const names = [one, ...others].map(({ stream }) => stream).join(", ");
    throw usageFailure("several streams have rows, and a file has the columns of one", {
      next: `add --stream: ${names}`,
    });
  }
  const path = outFile(out);
  if (existsSync(path)) {
    throw usageFailure(`${showPath(path)} is there already: it may hold rows that are being mended`, {
      next: "name another file, or remove it",
    });
  }
  const { rows, kept } = await writeRows(path, ledger, run, one.stream, flags.bom === true);
  printNotice(
    `${countOf(rows, "row")} of ${one.stream} written to ${showPath(path)}, with their real values, also of fields under redact`,
  );
  if (kept.length > 0)
    printNotice(
      `columns of the source that are called as ours are not in it, and stay as they are: ${kept.join(", ")}`,
    );
  const next = `loadline rejects ${run.id} --retry ${pathInCommand(path)}`;
  printNotice(`mend them and leave ${rowIdColumn} as it is, then: ${next}`);
  tell({ stream: one.stream, file: path, rows, next });
  return exitCode.done;
}

/** How many, and the columns of the source that have no place beside ours. */
async function writeRows(
  path: string,
  ledger: Ledger,
  run: KeptRun,
  stream: string,
  bom: boolean,
): Promise<{ rows: number; kept: string[] }> {
  const job = readKnownJob(run);
  const source = job?.streams.find(({ name }) => name === stream);
  const all = new Set<string>();
  for await (const { cells } of readOpen(ledger, run.stateFolder, run.id, stream))
    for (const name of cells.keys()) all.add(name);
  const columns = [...all].filter((name) => !isOurs(name));
  const said = ["loadline_error", fieldColumn, "loadline_line", "loadline_file", rowIdColumn];
  const writer = stringify({
    bom,
    header: true,
    columns: [...columns, ...said],
    delimiter: source === undefined ? "," : delimiterOf(source.source.format),
  });
  const done = finished(writer.pipe(createWriteStream(path, { mode: 0o600, flags: "wx" })));
  let rows = 0;
  for await (const { id, cells, error, field, place, file } of readOpen(ledger, run.stateFolder, run.id, stream)) {
    rows += 1;
    const values = columns.map((name) => cells.get(name) ?? "");
    const row = [...values, error, field, place, file, fullRowId(run.id, stream, id)];
    if (!writer.write(row)) await new Promise((go) => writer.once("drain", go));
  }
  writer.end();
  await done;
  return { rows, kept: [...all].filter(isOurs) };
}

/** The job as it is now; undefined where it can't be read. */
function readKnownJob({ jobFile }: KeptRun): Job | undefined {
  try {
    return readJob(jobFile);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

async function dropRows(
  globals: Globals,
  ledger: Ledger,
  run: KeptRun,
  streams: readonly OpenStream[],
  reason: string,
): CommandResult {
  let dropped = 0;
  for (const { stream } of streams.filter(({ open }) => open > 0)) {
    const rows = [];
    for await (const { id } of readOpen(ledger, run.stateFolder, run.id, stream))
      rows.push({ run: run.id, stream, row: id, by: null, reason });
    ledger.closeRows(rows);
    dropped += rows.length;
  }
  const next = "loadline runs";
  if (globals.json)
    printOut(JSON.stringify({ run: run.id, job: run.job, dropped, reason, exitCode: exitCode.done, next }));
  else printOut(dropped === 0 ? "No row is open: nothing to drop." : `${countOf(dropped, "row")} dropped: ${reason}`);
  return exitCode.done;
}

async function retryRows(
  globals: Globals,
  run: KeptRun,
  streams: readonly OpenStream[],
  flags: RejectsFlags,
): CommandResult {
  const file = typeof flags.retry === "string" ? resolve(flags.retry) : undefined;
  if (file !== undefined && !existsSync(file)) {
    throw usageFailure(`there is no file ${showPath(file)}`, { next: `loadline rejects ${run.id} --export <file>` });
  }
  const names =
    file === undefined ? streams.filter(({ open }) => open > 0).map(({ stream }) => stream) : await namedIn(run, file);
  refuseTakenAgain(
    streams.filter(({ stream }) => names.includes(stream)),
    run,
  );
  if (names.length === 0) {
    printNotice("no row is open: nothing to load again");
    return exitCode.done;
  }
  const older = flags.older === true ? { older: true as const } : {};
  const retry = { run: run.id, ...(file === undefined ? {} : { file }), ...older };
  return runAgain(globals, run, { streams: names, retry, yes: flags.yes === true });
}

/** Streams that a mended file has rows of; all where it has one that is none of them, so that it is refused by name. */
async function namedIn(run: KeptRun, file: string): Promise<string[]> {
  const streams = readKnownJob(run)?.streams ?? [];
  const names = new Set<string>();
  for await (const { id } of readMended(
    file,
    streams.map(({ source }) => delimiterOf(source.format)),
  )) {
    const named = parseRowId(id)?.stream;
    names.add(streams.find(({ name }) => name === named)?.name ?? streams[0]?.name ?? "");
  }
  return streams.map(({ name }) => name).filter((name) => names.has(name));
}

async function listJob(globals: Globals, name: string): CommandResult {
  const [newest, ...others] = runsOfJob(readHistory(findProject(globals)), name);
  if (newest === undefined) throw usageFailure(`no job called ${name} has run here`, { next: "loadline runs" });
  const folders = [...new Set([newest, ...others].map(({ stateFolder }) => stateFolder))];
  const found = [];
  for (const stateFolder of folders) {
    using ledger = Ledger.open(stateFolder);
    const job = readKnownJob(newest);
    found.push(...(await listOpenRuns(ledger, stateFolder, name, (stream) => kindOf(job, stream))));
  }
  if (!globals.json) printOut(renderOpenRuns(name, found, lookOfOut(globals.color)));
  else {
    const runs = found.map(({ run, streams }) => ({
      run: run.id,
      since: streams.map(({ since }) => since).sort()[0],
      tries: Math.max(...streams.map(({ tries }) => tries)),
      streams: asJson(streams),
    }));
    printOut(JSON.stringify({ job: name, runs, exitCode: exitCode.done }));
  }
  return exitCode.done;
}

/** Where the job can't be read any more, rows are taken for such as come again. */
function kindOf(job: Job | undefined, name: string): StreamKind {
  const stream = job?.streams.find((one) => one.name === name);
  if (stream === undefined) return { isRecord: false, isTakenAgain: true };
  return { isRecord: stream.source.kind === "object", isTakenAgain: isTakenAgain(stream) };
}
