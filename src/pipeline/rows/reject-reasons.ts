// Why the rows of a stream were rejected, in `reasons/` of the run folder: it holds examples of values, and goes with them.
// In: rejects, one by one. Out: reasons with counts. What must hold: what validation rejected and what the target refused
// are kept apart, for the latter is told anew after each load; the file is a memory only: without it no reason is told.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFolder, writeDurably } from "../../core/files.ts";
import type { Problem } from "../../core/problem.ts";
import { dots, inOrderOfCount, type RejectReason } from "../../report/reject-reasons.ts";

export class ReasonTally {
  readonly #reasons = new Map<string, RejectReason>();
  readonly #redacted: ReadonlySet<string>;

  /** `redacted`: target fields whose values are never shown, in small letters. */
  constructor(redacted: ReadonlySet<string>) {
    this.#redacted = redacted;
  }

  /** `source`: "ours" where the message was written so that it hides what is redacted. `place`: "contacts.csv, line 3". */
  add({ field, rule, message }: Problem, place: string, source: "ours" | "foreign"): void {
    // Two rules that are expressions may be about one field.
    const key = [field, rule, rule === "expr" ? message : ""].join("\u001f");
    const known = this.#reasons.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const shown = source === "ours" ? message.replaceAll("(hidden)", dots) : this.#hide(field, message);
    this.#reasons.set(key, { field, rule, count: 1, example: `${place}: ${shown}` });
  }

  list(): RejectReason[] {
    return inOrderOfCount([...this.#reasons.values()]);
  }

  /** What a system or a broken line says may hold any value of the row, unless it is said of another field. */
  #hide(field: string, message: string): string {
    const named = field.toLowerCase().split(/[,\s]+/);
    const isOfOthers = field !== "" && !named.some((name) => this.#redacted.has(name));
    return this.#redacted.size === 0 || isOfOthers ? message : dots;
  }
}

interface KeptReasons {
  planned: RejectReason[];
  refused: RejectReason[];
}

/** What validation rejected; forgets what a target refused. */
export function keepPlannedReasons(folder: string, stream: string, planned: RejectReason[]): void {
  writeReasons(folder, stream, { planned, refused: [] });
}

export function keepRefusedReasons(folder: string, stream: string, refused: RejectReason[]): void {
  writeReasons(folder, stream, { ...readKept(folder, stream), refused });
}

/** All of them, the most frequent first. */
export function readReasons(folder: string, stream: string): RejectReason[] {
  const { planned, refused } = readKept(folder, stream);
  return inOrderOfCount([...planned, ...refused]);
}

function pathOf(folder: string, stream: string): string {
  return join(folder, "reasons", `${stream}.json`);
}

function writeReasons(folder: string, stream: string, kept: KeptReasons): void {
  makePrivateFolder(join(folder, "reasons"));
  writeDurably(pathOf(folder, stream), JSON.stringify(kept));
}

function readKept(folder: string, stream: string): KeptReasons {
  try {
    return JSON.parse(readFileSync(pathOf(folder, stream), "utf8")) as KeptReasons;
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (isGone || error instanceof SyntaxError) return { planned: [], refused: [] };
    throw error;
  }
}
