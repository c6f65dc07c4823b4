// Why the rows of a stream were rejected, in `reasons/` of the run folder: it holds examples of values, and goes with them.
// In: rejects, one by one. Out: reasons with counts. What must hold: what validation rejected and what the target refused
// are kept apart, for the latter is told anew after each load; the file is a memory only: without it no reason is told.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makePrivateFolder, writeDurably } from "../../core/files.ts";
import type { Problem } from "../../core/problem.ts";
import { dots, inOrderOfCount, type RejectReason, reasonsShownMax } from "../../report/reject-reasons.ts";

export class ReasonTally {
  readonly #reasons = new Map<string, RejectReason>();
  readonly #redacted: ReadonlySet<string>;

  /** `redacted`: target fields whose values are never shown, in small letters. */
  constructor(redacted: ReadonlySet<string>) {
    this.#redacted = redacted;
  }

  /** `source`: "ours" where the message was written so that it hides what is redacted. `place`: "contacts.csv, line 3". */
  add({ field, rule, message, index }: Problem, place: string, source: "ours" | "foreign", count = 1): void {
    // Two entries of `validate` may be of one kind and about one field.
    const key = [field, rule, index ?? ""].join("\u001f");
    const known = this.#reasons.get(key);
    if (known !== undefined) {
      known.count += count;
      return;
    }
    const shown = source === "ours" ? message.replaceAll("(hidden)", dots) : this.#hide(field, message);
    this.#reasons.set(key, { field, rule, count, example: `${place}: ${shown}` });
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
  /** What rules of severity warn say of rows that load. */
  warned: RejectReason[];
}

/** What validation rejected; forgets all that was known. */
export function keepPlannedReasons(folder: string, stream: string, planned: RejectReason[]): void {
  writeReasons(folder, stream, { planned, refused: [], warned: [] });
}

export function keepWarnedReasons(folder: string, stream: string, warned: RejectReason[]): void {
  writeReasons(folder, stream, { ...readKept(folder, stream), warned });
}

export function keepRefusedReasons(folder: string, stream: string, refused: RejectReason[]): void {
  writeReasons(folder, stream, { ...readKept(folder, stream), refused });
}

/** All of them, the most frequent first. */
export function readReasons(folder: string, stream: string): RejectReason[] {
  const { planned, refused } = readKept(folder, stream);
  return inOrderOfCount([...planned, ...refused]);
}

/** For a summary: why rows were rejected, and what they load with, the most frequent first, as many as are shown. */
export function tellReasons(
  folder: string,
  stream: string,
): { rejectReasons: RejectReason[]; warnings?: RejectReason[] } {
  const warnings = readKept(folder, stream).warned.slice(0, reasonsShownMax);
  const rejectReasons = readReasons(folder, stream).slice(0, reasonsShownMax);
  return warnings.length === 0 ? { rejectReasons } : { rejectReasons, warnings };
}

function pathOf(folder: string, stream: string): string {
  return join(folder, "reasons", `${stream}.json`);
}

function writeReasons(folder: string, stream: string, kept: KeptReasons): void {
  makePrivateFolder(join(folder, "reasons"));
  writeDurably(pathOf(folder, stream), JSON.stringify(kept));
}

const none: KeptReasons = { planned: [], refused: [], warned: [] };

function readKept(folder: string, stream: string): KeptReasons {
  try {
    return { ...none, ...(JSON.parse(readFileSync(pathOf(folder, stream), "utf8")) as Partial<KeptReasons>) };
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (isGone || error instanceof SyntaxError) return none;
    throw error;
  }
}
