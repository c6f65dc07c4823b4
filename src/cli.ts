// The commander program: the only reader of argv and the only caller of process.exit. Commands are imported when they
// run, so that `--help` pays for nothing else.

import { resolve } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { addApplyCommand } from "./cli/apply.ts";
import { addCompletionCommands } from "./cli/complete.ts";
import { addConflictsCommand } from "./cli/conflicts.ts";
import { addHistoryCommands } from "./cli/history.ts";
import { addSandboxOptions } from "./cli/options.ts";
import { addReconcileCommand } from "./cli/reconcile.ts";
import { addRejectsCommand } from "./cli/rejects.ts";
import { addRollbackCommand } from "./cli/rollback.ts";
import { addRunCommands } from "./cli/run.ts";
import { addSandboxCommand } from "./cli/sandbox.ts";
import { addSchemaCommands } from "./cli/schema.ts";
import { addStateCommands } from "./cli/state.ts";
import { addTryingCommands } from "./cli/trying.ts";
import type { CheckFlags } from "./commands/check.ts";
import type { SystemFlags } from "./commands/connections.ts";
import type { CommandResult, Globals } from "./commands/globals.ts";
import type { GuessFlags } from "./commands/guess.ts";
import type { InitFlags } from "./commands/init.ts";
import { traceProblem, traceTo } from "./core/call-trace.ts";
import { exitCodeOf, Failure } from "./core/errors.ts";
import { type ExitCode, exitCode } from "./core/exit-code.ts";
import { quoteForShell, rememberFlags } from "./core/next-command.ts";
import { beginProcess } from "./core/process-memory.ts";
import { manualOf } from "./help/manual.ts";
import { chooseLog, isPaging, printError, printFailure, printNotice, printOut, printWarning } from "./report/output.ts";
import { version } from "./version.ts";

/** A stop is promised within 5 s; what is not done by then is left to `resume`. */
const stopMsMax = 4500;

beginProcess();
// What a run keeps is for its owner alone, also what the engine writes by itself.
process.umask(0o077);

const stopping = new AbortController();
let code: ExitCode = exitCode.done;

const program = new Command("loadline")
  .description("Batch ETL for CRM data: see what a load would change, load exactly that, resume it after anything.")
  .option("--version", "the version")
  .option("--json", "machine-readable result on stdout")
  .option("--verbose", "more detail on stderr")
  .option("--quiet", "only failures on stderr")
  .addOption(new Option("--log <form>", "what stderr has: events and failures, each a line of JSON").choices(["json"]))
  .option("--trace <file>", "each HTTP call as a line of JSON, without bodies and secrets")
  .option("--no-color", "no colours")
  .option("--dir <path>", "project folder (default: the nearest upwards with connections.yaml)")
  .addOption(
    new Option("--env <file>", "variables for the references in connections.yaml, above .env").env("LOADLINE_ENV"),
  )
  .enablePositionalOptions(false)
  .helpCommand(false)
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .configureOutput({
    writeOut: (text) => printOut(text.trimEnd()),
    writeErr: (text) => printError(text.trimEnd()),
  });

// As soon as they are read: what is wrong with the flags after them is told as they say.
program.on("option:quiet", () => chooseLog({ isQuiet: true }));
program.on("option:log", () => {
  chooseLog({ isJson: true });
  // Node writes its own warnings as text.
  process.removeAllListeners("warning").on("warning", ({ message }) => printNotice(message));
});
program.on("option:version", () => {
  tellVersion(process.argv.includes("--json"));
  throw new CommanderError(exitCode.done, "commander.version", version);
});

function tellVersion(json: boolean): void {
  const { node } = process.versions;
  printOut(json ? JSON.stringify({ version, node, platform: process.platform, arch: process.arch }) : version);
}

/** Flags of this command that a command to run next must have too. */
const repeated = ["sandbox", "schema", "streams", "limit", "keys", "from", "to", "again", "adopt", "yes"];

program.hook("preAction", (_program, command) => {
  const { trace } = program.opts<{ trace?: string }>();
  if (trace !== undefined) traceTo(resolve(trace));
  const written = (flags: Command, name: string) => {
    const value: unknown = flags.getOptionValue(name);
    if (flags.getOptionValueSource(name) !== "cli" || value === undefined) return [];
    return [value === true ? `--${name}` : `--${name} ${quoteForShell(String(value))}`];
  };
  rememberFlags({
    program: ["dir", "env"].flatMap((name) => written(program, name)),
    run: ["run", "plan", "check"].includes(command.name()) ? repeated.flatMap((name) => written(command, name)) : [],
  });
});

function globals({ metrics }: { metrics?: string } = {}): Globals {
  const { json, verbose, color, dir, env } = program.opts<Record<string, never>>();
  return {
    json: json === true,
    verbose: verbose === true,
    color: color !== false,
    ...(dir === undefined ? {} : { dir: resolve(dir) }),
    ...(env === undefined || env === "" ? {} : { env: resolve(env) }),
    ...(metrics === undefined ? {} : { metrics }),
    signal: stopping.signal,
  };
}

function act<Arguments extends unknown[]>(run: (...args: Arguments) => CommandResult) {
  return async (...args: Arguments) => {
    code = await run(...args);
  };
}

addRunCommands(program, globals, act);
addRollbackCommand(program, globals, act);
addConflictsCommand(program, globals, act);
addReconcileCommand(program, globals, act);

program
  .command("check <job...>")
  .description("read jobs, bind every expression, compare with the connected systems; writes nothing")
  .option("--sandbox", "check against a local sandbox")
  .option("--schema <file>", "custom fields of that sandbox")
  .option("--watch", "again whenever a job or connections.yaml is written, until Ctrl-C")
  .action(
    act(async (files: string[], flags: CheckFlags) =>
      (await import("./commands/check.ts")).checkJobs(globals(), files, flags),
    ),
  );

addTryingCommands(program, globals, act);

program
  .command("init [dir]")
  .description("a project to start from: connections, a job that runs against the sandbox, a workflow, a line for cron")
  .option(
    "--source <type>",
    "the system that records come from: file, sftp, salesforce, hubspot, postgres, mysql, sqlite or duckdb",
  )
  .option("--target <type>", "the system that they go to")
  .option("--from <file>", "in place of both: a file whose columns are mapped")
  .option("--into <object>", "and the object or table that it goes into, e.g. salesforce:Contact")
  .option("--yes", "ask nothing: take what is usual")
  .action(
    act(async (dir: string | undefined, flags: InitFlags) =>
      (await import("./commands/init.ts")).initProject(globals(), dir, flags, process.argv[1] ?? "loadline"),
    ),
  );

program
  .command("guess <file...>")
  .description("write a first job for a file, those of a glob, or a table (crm:public.orders): a map of the columns")
  .option("--into <object>", "map them to the fields of an object or a table, e.g. crm:contacts")
  .option("--sandbox", "a file of fixtures/sftp/<connection>/, which the sandbox serves, is one of that connection")
  .action(
    act(async (sources: string[], flags: GuessFlags) =>
      (await import("./commands/guess.ts")).guess(globals(), sources, flags),
    ),
  );

addHistoryCommands(program, globals, act);

addSandboxOptions(program.command("describe <connection> [object]"))
  .description("objects of a system, those of a glob, or the fields of one")
  .action(
    act(async (name: string, object: string | undefined, flags: SystemFlags) => {
      return (await import("./commands/describe.ts")).describeConnection(globals(), name, object, flags);
    }),
  );

const connections = addSandboxOptions(program.command("connections"))
  .description("the systems of connections.yaml")
  .action(
    act(async (flags: SystemFlags) => (await import("./commands/connections.ts")).listConnections(globals(), flags)),
  );

connections
  .command("test [name]")
  .description("sign in, say who, which org, and what is left of the day; a glob names several, without a name all")
  .action(
    act(async (name: string | undefined, _flags: object, command: Command) => {
      const flags = command.optsWithGlobals<SystemFlags>();
      return (await import("./commands/connections.ts")).testConnections(globals(), name, flags);
    }),
  );

connections
  .command("pin <name>")
  .description("print the key that an SFTP server shows, to be written as host_key; signs in to nothing")
  .action(
    act(async (name: string, _flags: object, command: Command) => {
      const flags = command.optsWithGlobals<SystemFlags>();
      return (await import("./commands/connections.ts")).pinConnection(globals(), name, flags);
    }),
  );

connections
  .command("prepare <name>")
  .description("make the table by which a database remembers what was written, so that nothing is written twice")
  .option("--print", "only print the statements, for a database administrator")
  .action(
    act(async (name: string, flags: { print?: boolean }) =>
      (await import("./commands/connections.ts")).prepareConnection(globals(), name, flags.print === true),
    ),
  );

const notices = program.command("notify").description("whom jobs tell how a run ended");

notices
  .command("test <job...>")
  .description("send a test message to each receiver in notify, and say what it answered")
  .action(act(async (files: string[]) => (await import("./commands/notify.ts")).testNotices(globals(), files)));

addApplyCommand(program, globals, act);
addRejectsCommand(program, globals, act);
addStateCommands(program, globals, act);

program
  .command("doctor")
  .description("what is wrong with the machine, the state and the connections, and what to do")
  .option("--offline", "ask no system")
  .action(act(async (flags: { offline?: boolean }) => (await import("./commands/doctor.ts")).doctor(globals(), flags)));

addSchemaCommands(program, globals, act);
addSandboxCommand(program, globals, act);
addCompletionCommands(program, globals);

program
  .command("version")
  .description("the version; with --json also of Node, and the platform")
  .action(() => tellVersion(globals().json));

program
  .command("help [topic...]")
  .description("help on a command, a function, a key of a job file, or a topic; without one, the topics")
  .action(
    act(async (words: string[]) => {
      const command = words.length === 0 ? undefined : findCommand(words);
      if (command === undefined) {
        const { showTopic } = await import("./commands/help.ts");
        return showTopic(
          globals(),
          words.join(" "),
          program.commands.map((one) => one.name()),
        );
      }
      command.outputHelp();
      return exitCode.done;
    }),
  );

/** `connections test` is two words. */
function findCommand(words: readonly string[]): Command | undefined {
  const find = (within: Command | undefined, word: string) =>
    within?.commands.find((command) => command.name() === word && manualOf(nameOf(command)) !== undefined);
  return words.reduce<Command | undefined>(find, program);
}

function nameOf(command: Command): string {
  const above = command.parent === null || command.parent === program ? "" : `${nameOf(command.parent)} `;
  return `${above}${command.name()}`;
}

function addManuals(command: Command): void {
  for (const one of command.commands) {
    one.helpCommand(false).addHelpText("after", () => `\n${manualOf(nameOf(one)) ?? ""}`);
    addManuals(one);
  }
}

addManuals(program);
program.addHelpText(
  "after",
  "\nloadline help <command> has examples and exit codes; loadline help lists topics, e.g. exit-codes, functions, job-file.",
);

function stopOn(signal: "SIGINT" | "SIGTERM", exit: ExitCode): void {
  process.on(signal, () => {
    // It is for the pager, which does not end by it.
    if (signal === "SIGINT" && isPaging()) return;
    if (stopping.signal.aborted) process.exit(exit);
    stopping.abort(new Failure(exit, signal === "SIGINT" ? "interrupted" : "terminated", { next: "loadline resume" }));
    setTimeout(() => process.exit(exit), stopMsMax).unref();
  });
}

stopOn("SIGINT", exitCode.interrupted);
stopOn("SIGTERM", exitCode.terminated);
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader went away (`loadline runs | head`): there is nobody left to tell.
  if (error.code === "EPIPE") process.exit(code);
});

function reportFailure(error: unknown): ExitCode {
  const isDefect = error instanceof Error && !(error instanceof Failure);
  printFailure(error, { verbose: program.opts()["verbose"] === true && isDefect });
  return exitCodeOf(error);
}

// What no code waited for. The ledger is as after a kill, which `resume` takes up.
process.on("uncaughtException", (error) => process.exit(reportFailure(error)));

/** A run of this module is a run of the program; it ends with the process. */
export const ended = main();

async function main(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) code = error.exitCode === 0 ? exitCode.done : exitCode.usage;
    else code = reportFailure(error);
  }
  const untraced = traceProblem();
  if (untraced !== undefined) printWarning(`--trace: not every call could be written: ${untraced}`);
  process.exit(code);
}
