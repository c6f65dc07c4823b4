// loadline test: the tests of jobs, offline.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { monotonicMs } from "../core/clock.ts";
import { exitCodeOf, explain, usageFailure } from "../core/errors.ts";
import { type ExitCode, exitCode, worstExitCode } from "../core/exit-code.ts";
import { quoteForShell } from "../core/next-command.ts";
import { editTests } from "../job/edit-tests.ts";
import { readPseudonymKey } from "../pipeline/run/pseudonym-key.ts";
import { readProjectConnections } from "../pipeline/tools/connections.ts";
import { describeCase, type JudgedCase, runTests } from "../pipeline/tools/trial/run-tests.ts";
import { updateCase } from "../pipeline/tools/trial/update-case.ts";
import { type BrokenJob, writeJunit } from "../report/junit.ts";
import { chosenLog, lookOfOut, printFailure, printOut } from "../report/output.ts";
import { isPassed, type JobTests } from "../report/tests.ts";
import { renderTests, testsJson } from "../report/tests-view.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { refuseNamesakes } from "./namesakes.ts";
import { openOffline } from "./offline.ts";
import { outFile } from "./out-file.ts";
import { findProject, readProjectEnvironment, readProjectJob } from "./project.ts";
import { type FromRunFlags, writeCaseFromRun } from "./test-from-run.ts";
import { watchFiles } from "./watch.ts";

export interface TestFlags extends FromRunFlags {
  junit?: string;
  schema?: string;
  watch?: boolean;
  update?: boolean;
}

export async function testJobs(globals: Globals, files: readonly string[], flags: TestFlags): CommandResult {
  if (flags.fromRun !== undefined) {
    refuseBesideRow(files, flags);
    return writeCaseFromRun(globals, flags.fromRun, flags);
  }
  for (const name of ["row", "stream", "file"] as const) {
    if (flags[name] !== undefined)
      throw usageFailure(`--${name} goes with --from-run`, { next: "add --from-run <run-id>" });
  }
  if (files.length === 0) throw usageFailure("no job is named", { next: "loadline test jobs/contacts.yaml" });
  if (flags.watch === true && flags.update === true) {
    throw usageFailure("--update does not go with --watch: what is expected would follow whatever comes", {
      next: `loadline test ${files.map(quoteForShell).join(" ")} --update`,
    });
  }
  if (flags.watch !== true) return testOnce(globals, files, flags);
  const { folder } = findProject(globals);
  const read = [...files, join(folder, "connections.yaml"), flags.schema ?? join(folder, "sandbox.yaml")];
  return watchFiles(globals, read, () =>
    testOnce(globals, files, flags).catch((error: unknown) => {
      if (globals.signal.aborted) throw error;
      printFailure(error);
    }),
  );
}

function refuseBesideRow(files: readonly string[], flags: TestFlags): void {
  const next = `loadline test --from-run ${flags.fromRun} --row <line>`;
  if (files.length > 0) throw usageFailure("--from-run takes no job: the run says which one it is of", { next });
  for (const name of ["junit", "watch", "update"] as const) {
    if (flags[name] !== undefined)
      throw usageFailure(`--${name} does not go with --from-run, which prints a test`, { next });
  }
}

async function testOnce(globals: Globals, files: readonly string[], flags: TestFlags): CommandResult {
  refuseNamesakes(files);
  const junit = flags.junit === undefined ? undefined : outFile(flags.junit);
  const project = findProject(globals);
  const environment = readProjectEnvironment(globals, project.folder);
  const connections = readProjectConnections(join(project.folder, "connections.yaml"), environment);
  await using offline = await openOffline(project.folder, connections, flags.schema);
  const codes: ExitCode[] = [];
  const tested: (JobTests | BrokenJob)[] = [];
  for (const file of files) {
    const started = monotonicMs();
    try {
      const job = readProjectJob(file, connections);
      const judged = await runTests({
        job,
        cases: job.tests,
        connections: offline.connections,
        pseudonymKey: readPseudonymKey(job, environment),
        signal: globals.signal,
      });
      const seconds = Math.round(monotonicMs() - started) / 1000;
      const tests: JobTests = { file, job: job.name, cases: judged.map(describeCase), seconds };
      const updated = flags.update === true ? updateFile(file, judged) : undefined;
      const isRight = updated === undefined ? tests.cases.every(isPassed) : updated.left.length === 0;
      const code = isRight ? exitCode.done : exitCode.failed;
      show(globals, tests, code, updated);
      tested.push(tests);
      codes.push(code);
    } catch (error) {
      if (globals.signal.aborted) throw error;
      tested.push({ file, problem: explain(error) });
      if (globals.json)
        printOut(JSON.stringify({ file, ok: false, problem: explain(error), exitCode: exitCodeOf(error) }));
      if (!globals.json || chosenLog().isJson) printFailure(error);
      codes.push(exitCodeOf(error));
    }
  }
  if (junit !== undefined) writeFileSync(junit, writeJunit(tested));
  return worstExitCode(codes);
}

interface UpdatedFile {
  /** Names of the tests that expect something else now. */
  tests: string[];
  changed: string[];
  left: string[];
}

/** Writes what came into what is expected. Throws a Failure (2) before anything is written where that can't be done. */
function updateFile(file: string, judged: readonly JudgedCase[]): UpdatedFile {
  const updates = judged.map((one) => ({ name: one.result.of.name, ...updateCase(one) }));
  const edits = updates.flatMap((one) => one.edits);
  if (edits.length > 0) writeFileSync(file, editTests(readFileSync(file, "utf8"), edits));
  const linesOf = (which: "changed" | "left") =>
    updates.flatMap(({ name, [which]: lines }) => lines.map((line) => `${name}: ${line}`));
  return {
    tests: updates.filter((one) => one.edits.length > 0).map(({ name }) => name),
    changed: linesOf("changed"),
    left: linesOf("left"),
  };
}

function show(globals: Globals, tests: JobTests, code: ExitCode, updated: UpdatedFile | undefined): void {
  if (globals.json) {
    printOut(JSON.stringify({ ...testsJson(tests, code), ...(updated === undefined ? {} : { updated }) }));
    return;
  }
  if (tests.cases.length === 0) printOut(`${tests.file}: no tests`);
  else printOut(renderTests(tests, lookOfOut(globals.color), globals.verbose));
  if (updated === undefined) return;
  if (updated.tests.length > 0) printOut(`\n${tests.file}: what these tests expect was changed`);
  for (const line of updated.changed) printOut(`  ${line}`);
  for (const line of updated.left) printOut(`  left as it is: ${line}`);
}
