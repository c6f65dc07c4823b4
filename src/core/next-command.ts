// Commands that a message says to run next, so that they can be pasted: with the flags that this command was given. In: the
// flags, once, from the command line; sentences. Out: the same sentences. Must hold: a flag that is there is not doubled.

import { remember } from "./process-memory.ts";

export interface GivenFlags {
  /** Of every command: `--env prod.env`. */
  program: readonly string[];
  /** Of what runs a job, each with its value: `--sandbox`, `--limit 10`. */
  run: readonly string[];
}

const given = remember<GivenFlags>(() => ({ program: [], run: [] }));

export function rememberFlags(flags: GivenFlags): void {
  given.value = flags;
}

const ofCheck = /^--(sandbox|schema)\b/;

/** Those that take what this command was given; `init`, `schema`, `help` and the like want nothing of it. */
const commands =
  /\bloadline (run|plan|check|resume|show|runs|report|abandon|approve|apply|rejects|reconcile|rollback|conflicts|describe|connections|guess|state|doctor|notify)\b/g;

/** `loadline run job.yaml` becomes `loadline run --env prod.env --sandbox job.yaml`, wherever it stands in a sentence. */
export function withGivenFlags(text: string): string {
  return text.replaceAll(commands, (command, name, offset: number) => {
    // Another part of the sentence may speak of the flag.
    const [own = ""] = text.slice(offset).split(/[;\n]/);
    const missing = [...given.value.program, ...flagsFor(String(name))].filter(
      (flag) => !own.split(" ").includes(flag.split(" ")[0] ?? flag),
    );
    return [command, ...missing].join(" ");
  });
}

function flagsFor(name: string): readonly string[] {
  if (name === "run") return given.value.run;
  if (name === "plan") return given.value.run.filter((flag) => flag !== "--yes" && flag !== "--again");
  return name === "check" || name === "describe" ? given.value.run.filter((flag) => ofCheck.test(flag)) : [];
}

/** As a shell takes it. */
export function quoteForShell(text: string): string {
  return /^[\w@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
