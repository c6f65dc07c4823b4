// loadline init: a project to start from. On a terminal it asks which systems; elsewhere they are flags.

import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathInCommand, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { writeDurably } from "../core/files.ts";
import { quoteForShell } from "../core/next-command.ts";
import { suggest } from "../core/suggest.ts";
import { jobJsonSchema } from "../job/json-schema.ts";
import { readProjectConnections } from "../pipeline/tools/connections.ts";
import { readNamesAtHand } from "../pipeline/tools/editor-names.ts";
import { type WrittenFiles, writeNewFiles } from "../pipeline/tools/new-files.ts";
import { startFromFile } from "../pipeline/tools/start-from-file.ts";
import { schemaFile } from "../pipeline/tools/starter-job.ts";
import {
  type ProjectPlace,
  readStarter,
  type StarterProject,
  starterTypes,
  startProject,
} from "../pipeline/tools/starter-project.ts";
import { askPerson, canAsk, printOut } from "../report/output.ts";
import { version } from "../version.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { readProjectEnvironment } from "./project.ts";

export interface InitFlags {
  source?: string;
  target?: string;
  yes?: boolean;
  from?: string;
  into?: string;
}

export async function initProject(
  globals: Globals,
  given: string | undefined,
  flags: InitFlags,
  program: string,
): CommandResult {
  const folder = resolve(given ?? globals.dir ?? ".");
  const environment = readProjectEnvironment(globals, folder);
  const present = join(folder, "connections.yaml");
  const place: ProjectPlace = {
    folder,
    isLocked: existsSync(join(folder, "package-lock.json")),
    program: { node: process.execPath, program, version },
    ...(existsSync(present) ? { connections: readProjectConnections(present, environment) } : {}),
  };
  const { signal } = globals;
  let project: StarterProject;
  if (flags.from !== undefined || flags.into !== undefined) {
    project = await startFromFile({ ...readFileFlags(flags), environment, signal }, place);
  } else {
    const { source, target } = await chooseSystems(flags, signal);
    project = await startProject(source, target, place);
  }
  mkdirSync(folder, { recursive: true });
  const written = writeNewFiles(folder, project.files);
  const names = await readNamesAtHand({
    folder,
    connections: readProjectConnections(present, environment),
    environment,
    signal,
  });
  if (names !== undefined) writeDurably(join(folder, schemaFile), `${JSON.stringify(jobJsonSchema(names), null, 2)}\n`);
  tell(globals, folder, project, written);
  return exitCode.done;
}

function readFileFlags({ from, into, source, target }: InitFlags): { file: string; into: string } {
  if (source !== undefined || target !== undefined) {
    throw usageFailure("--from and --into say what --source and --target say", {
      next: "leave --source and --target out",
    });
  }
  if (from === undefined)
    throw usageFailure("--into wants --from", {
      next: `loadline init --from feed.csv --into ${quoteForShell(into ?? "")}`,
    });
  if (into === undefined) {
    throw usageFailure("--from wants --into", {
      next: `loadline init --from ${quoteForShell(from)} --into salesforce:Contact`,
    });
  }
  return { file: resolve(from), into };
}

async function chooseSystems(
  { source, target, yes }: InitFlags,
  signal: AbortSignal,
): Promise<{ source: string; target: string }> {
  for (const named of [source, target]) if (named !== undefined) await readStarter(named);
  if (source !== undefined && target !== undefined) return { source, target };
  if (yes !== true && !canAsk()) {
    throw usageFailure("which systems? There is no terminal to ask on", {
      next: `loadline init --source ${source ?? usual.source} --target ${target ?? usualTarget(source ?? usual.source)} --yes`,
    });
  }
  const choose = async (question: string, type: string) => (yes === true ? type : askType(question, type, signal));
  const from = source ?? (await choose("Where do the records come from?", usual.source));
  return { source: from, target: target ?? (await choose("Where do they go?", usualTarget(from))) };
}

const usual = { source: "file", target: "salesforce" };

function usualTarget(source: string): string {
  return source === usual.target ? usual.source : usual.target;
}

async function askType(question: string, otherwise: string, signal: AbortSignal): Promise<string> {
  const types = starterTypes();
  for (;;) {
    const answer = await askPerson(`${question} (${types.join(", ")}) [${otherwise}] `, signal);
    const type = answer.trim().toLowerCase() || otherwise;
    if (types.includes(type)) return type;
    const meant = suggest(type, types);
    question = `${meant === undefined ? `"${type}" is none of them.` : `Did you mean ${meant}?`} ${question}`;
  }
}

function tell(
  globals: Globals,
  folder: string,
  { job, setup, doubts, before }: StarterProject,
  written: WrittenFiles,
): void {
  const isHere = folder === process.cwd();
  const go = isHere ? [] : [`cd ${pathInCommand(folder)}`];
  const prepare = setup === undefined ? [] : [`loadline run ${setup} --sandbox`];
  const rehearsed = [...go, ...prepare, `loadline check ${job} --sandbox`, `loadline run ${job} --sandbox`];
  const steps = before === undefined ? rehearsed : [...go, `loadline check ${job}`, `loadline plan ${job}`];
  if (globals.json) {
    const next = steps.join(" && ");
    printOut(JSON.stringify({ folder, job, ...written, doubts, exitCode: exitCode.done, next }));
    return;
  }
  for (const path of written.created) printOut(`created  ${path}`);
  for (const path of written.changed) printOut(`changed  ${path}: what it lacked was added`);
  for (const path of written.kept) printOut(`kept     ${path}: it was there`);
  if (doubts.length > 0) {
    printOut(`\nlook at these in ${job}:`);
    for (const doubt of doubts) printOut(`  ${doubt}`);
  }
  const list = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join("\n");
  if (before === undefined) {
    printOut(`\nnext, without any account:\n${list(steps)}`);
    printOut(`\nthen copy .env.example to .env, fill it in, and:\n  loadline plan ${job}`);
    printOut(`\nevery night: loadline.crontab has the line for cron; .github/workflows/loadline.yml checks the jobs`);
    return;
  }
  printOut(
    `\nnext (no sandbox plays a database server):\n  copy .env.example to .env and fill it in\n${list([...before, ...steps])}`,
  );
  printOut(`\nfor a table of your own: loadline guess <connection>:<table> --into <connection>:<object>`);
  printOut(`\nevery night: loadline.crontab has the line for cron`);
}
