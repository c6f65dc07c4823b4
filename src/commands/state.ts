// loadline state: what later runs go by. Export and import carry it whole, show tells it, set moves a watermark, purge
// deletes folders of old runs.

import { resolve } from "node:path";
import { showPath, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { durationPattern, parseDuration } from "../job/units.ts";
import { carryIn, carryOut } from "../pipeline/tools/carry-state.ts";
import { moveByHand, purgeRuns, readMemory } from "../pipeline/tools/state.ts";
import { lookOfOut, printNotice, printOut } from "../report/output.ts";
import {
  exportedLines,
  importedLines,
  memoryJson,
  movedLine,
  purgedLines,
  renderMemory,
} from "../report/state-view.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { tellDamage } from "./lock.ts";
import { findProject, makeStateFolder, sandboxState } from "./project.ts";

export async function exportProject(globals: Globals, file: string): CommandResult {
  const { stateFolder } = findProject(globals);
  const request = { stateFolder, file: resolve(file), signal: globals.signal, onDamage: tellDamage };
  const exported = await carryOut(request);
  const told = { ...exported, exitCode: exitCode.done };
  printOut(globals.json ? JSON.stringify(told) : exportedLines({ ...exported, file: showPath(exported.file) }));
  return exitCode.done;
}

export async function importProject(globals: Globals, file: string): CommandResult {
  const { folder, stateFolder } = findProject(globals);
  makeStateFolder(folder);
  const request = { stateFolder, file: resolve(file), signal: globals.signal, onDamage: tellDamage };
  const imported = carryIn(request);
  const told = { ...imported, exitCode: exitCode.done };
  printOut(globals.json ? JSON.stringify(told) : importedLines({ ...imported, file: showPath(imported.file) }));
  return exitCode.done;
}

export interface StateFlags {
  sandbox?: boolean;
}

export async function showState(globals: Globals, job: string | undefined, flags: StateFlags): CommandResult {
  const memory = await readMemory(stateFolderOf(globals, flags), job);
  printOut(globals.json ? JSON.stringify(memoryJson(memory)) : renderMemory(memory, lookOfOut(globals.color)));
  return exitCode.done;
}

export async function setWatermark(
  globals: Globals,
  job: string,
  stream: string,
  flags: StateFlags & { watermark: string; org?: string; yes?: boolean },
): CommandResult {
  const { watermark: to, org, yes = false } = flags;
  const stateFolder = stateFolderOf(globals, flags);
  const request = { stateFolder, job, stream, to, org, yes, signal: globals.signal, onDamage: tellDamage };
  const moved = await moveByHand(request);
  if (globals.json) printOut(JSON.stringify({ ...moved, exitCode: exitCode.done }));
  else printOut(movedLine(moved));
  return exitCode.done;
}

export async function purgeState(globals: Globals, flags: StateFlags & { olderThan: string }): CommandResult {
  if (!durationPattern.test(flags.olderThan)) {
    throw usageFailure(`--older-than wants a duration, not ${JSON.stringify(flags.olderThan)}`, {
      next: "30d, say, or 12h",
    });
  }
  const stateFolder = stateFolderOf(globals, flags);
  const request = {
    stateFolder,
    olderThanMs: parseDuration(flags.olderThan),
    signal: globals.signal,
    onDamage: tellDamage,
  };
  const purged = await purgeRuns(request);
  for (const job of purged.busy) printNotice(`! job ${job}: a run is at work, its old runs were left`);
  const code = purged.busy.length > 0 ? exitCode.locked : exitCode.done;
  printOut(globals.json ? JSON.stringify({ ...purged, exitCode: code }) : purgedLines(purged));
  return code;
}

function stateFolderOf(globals: Globals, { sandbox = false }: StateFlags): string {
  const project = findProject(globals);
  return sandbox ? sandboxState(project) : project.stateFolder;
}
