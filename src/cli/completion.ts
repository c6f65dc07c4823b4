// Completion for shells, through @bomb.sh/tab: which words may come next. In: the program as commander has it, the words of
// a command line. Out: candidates on stdout, a line each, with what they are. Must hold: a candidate is never code to the
// shell, which expands what it is given.

import { globSync } from "node:fs";
import type { Argument, Command, Option } from "commander";

export interface Candidate {
  value: string;
  description: string;
}

/** What only the project knows. */
export interface Known {
  runs(): readonly Candidate[];
  connections(): readonly Candidate[];
}

export type Shell = "bash" | "zsh" | "fish";

/** Bash's package of completions has this function; a machine without it gets a plain one. */
const withoutBashCompletion = `declare -F _get_comp_words_by_ref > /dev/null || _get_comp_words_by_ref() {
    cur=\${COMP_WORDS[COMP_CWORD]}; prev=\${COMP_WORDS[COMP_CWORD-1]}; words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD
}`;

/** The script that a shell reads as it starts. */
export async function printScript(shell: Shell, printOut: (text: string) => void): Promise<void> {
  const { script } = await import("@bomb.sh/tab");
  if (shell === "bash") printOut(withoutBashCompletion);
  script(shell, "loadline", "loadline");
}

/** `words`: all after the program's name; the last one is being typed. */
export async function printCandidates(program: Command, words: readonly string[], known: Known): Promise<void> {
  const { RootCommand } = await import("@bomb.sh/tab");
  const root = new RootCommand();
  const typed = words.at(-1) ?? "";
  const describe = (command: Command, name: string) => {
    const described = name === "" ? root : root.command(name, command.description());
    for (const option of [...visibleOptions(command), ...(name === "" ? [] : visibleOptions(program))]) {
      const flag = option.long?.slice("--".length) ?? "";
      if (!option.required && !option.optional) described.option(flag, option.description);
      else
        described.option(
          flag,
          option.description,
          offer(() => valuesOf(option, typed, known)),
        );
    }
    for (const argument of command.registeredArguments) {
      const values = () => argumentsOf(name, argument, typed, known);
      described.argument(argument.name(), offer(values), argument.variadic);
    }
    for (const below of command.createHelp().visibleCommands(command))
      describe(below, `${name} ${below.name()}`.trim());
  };
  describe(program, "");
  root.parse([...words]);
}

function visibleOptions(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

/** What a shell takes as it stands: bash expands candidates once more, and a file may be called $(anything). */
const plain = /^[\w@%+=:,./-]+$/;

function offer(values: () => readonly Candidate[]) {
  return (complete: (value: string, description: string) => void) => {
    for (const { value, description } of values())
      if (plain.test(value)) complete(value, description.replaceAll(/[^\x20-\x7e]|[:$`\\]/g, " "));
  };
}

function argumentsOf(command: string, argument: Argument, typed: string, known: Known): readonly Candidate[] {
  const name = argument.name();
  if (argument.argChoices !== undefined) return choicesOf(argument.argChoices);
  if (name === "job") return filesLike(typed, "{yaml,yml}");
  if (name === "run-id") return known.runs();
  if (name === "connection" || command.startsWith("connections ")) return known.connections();
  return name === "file" ? filesLike(typed, "*") : [];
}

function choicesOf(choices: readonly string[]): Candidate[] {
  return choices.map((value) => ({ value, description: "" }));
}

function valuesOf(option: Option, typed: string, known: Known): readonly Candidate[] {
  if (option.argChoices !== undefined) return choicesOf(option.argChoices);
  if (option.long === "--run") return known.runs();
  return /<(file|dir|path)>/.test(option.flags) ? filesLike(typed.replace(/^--[\w-]+=/, ""), "*") : [];
}

/** Files that begin so, and those in folders that do; what is hidden is not meant. */
function filesLike(typed: string, endings: string): readonly Candidate[] {
  if (typed !== "" && !plain.test(typed)) return [];
  const start = typed.startsWith("-") ? "" : typed;
  const found = globSync([`${start}*.${endings}`, `${start}*/*.${endings}`], { exclude: ["node_modules/**"] });
  return found
    .sort()
    .filter((path) => !path.startsWith("."))
    .map((value) => ({ value, description: "" }));
}
