// Options that several commands have, and what is read of them at once.

import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { CommandResult } from "../commands/globals.ts";
import { planForms } from "../report/plan-form.ts";

/** Makes an action of what gives an exit code. */
export type Act = <Arguments extends unknown[]>(
  run: (...args: Arguments) => CommandResult,
) => (...args: Arguments) => Promise<void>;

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError("a whole number is wanted");
  return value;
}

export function metricsOption(): Option {
  return new Option(
    "--metrics <file>",
    "write Prometheus metrics of the run there, for the textfile collector",
  ).argParser((path: string) => {
    if (path.endsWith(".prom")) return resolve(path);
    throw new InvalidArgumentError("the textfile collector reads files that end in .prom");
  });
}

export function addFormOptions(command: Command): Command {
  return command
    .addOption(new Option("--format <form>", "the plan in a form of its own").choices(planForms))
    .option("--format-out <file>", "with --format: the file that it goes to");
}

export function addUnlockOption(command: Command): Command {
  return command.option(
    "--decrypt-with <file>",
    "the private key of OpenPGP that opens the plan's file; its passphrase is LOADLINE_KEY_PASSPHRASE",
  );
}

export function collect(one: string, before: string[] = []): string[] {
  return [...before, one];
}

export function addRunOptions(command: Command): Command {
  return command
    .option("--sandbox", "every connection pointed at a local sandbox")
    .option("--schema <file>", "custom fields of that sandbox (default: sandbox.yaml of the project)")
    .option("--streams <names>", "only these streams, separated by commas")
    .option("--limit <n>", "only the first n rows of each stream", wholeNumber)
    .option("--keys <file>", "only rows with these keys, one a line")
    .option("--from <time>", "incremental streams: what changed since then; moves no watermark")
    .option("--to <time>", "and before then")
    .option("--fresh", "present values are read anew, whatever is kept of them");
}

export function addSandboxOptions(command: Command): Command {
  return command
    .option("--sandbox", "ask a local sandbox")
    .option("--schema <file>", "custom fields of that sandbox (default: sandbox.yaml of the project)");
}
