// What became of a batch's calls, kept as they are answered. In: what a call tells of its rows. Out: the same of an earlier
// attempt, so that only rows of which nothing is known are sent again. What must hold: an answer is of exactly these rows,
// and whole: a line that a kill or a damaged disk broke, or that is in no form of ours, is left out, as if no answer had come.

import { createHash } from "node:crypto";
import { appendFileSync, readFileSync, rmSync } from "node:fs";
import type { CallJournal } from "../contract/write.ts";
import { failpoint } from "../core/failpoint.ts";
import { isThere } from "../core/files.ts";

/** `sha256`: of the bytes that are sent. `again`: what an earlier attempt kept counts. */
export function openCallJournal(path: string, sha256: string, again: boolean): CallJournal {
  if (!again) rmSync(path, { force: true });
  const sumOf = (answer: string) => createHash("sha256").update(`${sha256} ${answer}`).digest("hex").slice(0, 16);
  const lines = isThere(path) ? readFileSync(path, "utf8").split("\n") : [];
  const whole = lines.map((line) => line.slice(17)).filter((text, index) => lines[index] === `${sumOf(text)} ${text}`);
  return {
    kept: new Map(whole.flatMap((text) => pairsIn(JSON.parse(text)))),
    // Not synced: what a power cut takes is asked for once more. What it left of a line must not join the next one.
    keep(answers) {
      const text = JSON.stringify([...answers]);
      appendFileSync(path, `\n${sumOf(text)} ${text}`, { mode: 0o600 });
      failpoint("answered");
    },
  };
}

function pairsIn(line: unknown): [number, unknown][] {
  const pairs = Array.isArray(line) ? line.map((one) => (Array.isArray(one) ? one : olderPair(one))) : [];
  return pairs.every(isPair) ? pairs : [];
}

function isPair(one: unknown[]): one is [number, unknown] {
  return one.length === 2 && Number.isInteger(one[0]) && Number(one[0]) >= 1;
}

/** An answer alone, as it was kept before: its row's place is at the end of what it was sent with, "b1-create.12". */
function olderPair(answer: { trace?: unknown } | null): unknown[] {
  return [Number(/\.(\d+)$/.exec(String(answer?.trace))?.[1]), answer];
}
