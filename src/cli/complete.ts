// The commands of completion: the script for a shell, and what that script calls.

import { Argument, type Command } from "commander";
import type { Globals } from "../commands/globals.ts";
import { printOut } from "../report/output.ts";
import type { Shell } from "./completion.ts";

export function addCompletionCommands(program: Command, globals: () => Globals): void {
  program
    .command("completion")
    .addArgument(new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"]))
    .description("a script that completes commands, options, job files, runs and connections")
    .action(async (shell: Shell) => (await import("./completion.ts")).printScript(shell, printOut));

  // What that script calls, with the words that have been typed.
  program.command("complete [words...]", { hidden: true }).action(async (words: string[]) => {
    const known = await import("../commands/completion.ts");
    await (await import("./completion.ts")).printCandidates(program, words, {
      runs: () => known.knownRuns(globals()),
      connections: () => known.knownConnections(globals()),
    });
  });
}
