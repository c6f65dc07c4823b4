// Rows of a batch whose calls were answered before the run was killed. In: a batch that may be sent once more. Out: which of
// its rows are certainly written. What must hold: such a row is loaded, whatever its record holds by now: what another has
// changed since was changed by somebody who saw what we wrote.

import { rmSync } from "node:fs";
import type { BatchRecord } from "../../checkpoint/ledger.ts";
import type { CallJournal } from "../../contract/write.ts";
import { openCallJournal } from "../../load/call-journal.ts";
import { answersPath } from "../batches/batch-files.ts";
import type { RunContext } from "../run/context.ts";
import { writePart } from "./part-of-batch.ts";

export type Answers = CallJournal["kept"];

const none: Answers = new Map();

/** By the place of the row in the batch, counted from 1. */
export function answersOf(context: RunContext, batch: BatchRecord): Answers {
  return openCallJournal(answersPath(context, batch), batch.sha256, true).kept;
}

/** All that is left to be done is to settle it. */
export function isFullyAnswered(context: RunContext, batch: BatchRecord): boolean {
  return batch.state === "committed" && answersOf(context, batch).size >= batch.rows;
}

export function dropAnswers(context: RunContext, batch: BatchRecord): void {
  rmSync(answersPath(context, batch), { force: true });
}

/** SQL list of their numbers. */
function numbersOf(answers: Answers): string {
  return [...answers.keys()].sort((left, right) => left - right).join(", ");
}

/** BOOLEAN SQL over the rows of a batch: nobody knows what became of it. */
export function unanswered(context: RunContext, batch: BatchRecord): string {
  return isNoneOf(batch.state === "committed" ? answersOf(context, batch) : none, "_n_");
}

/** BOOLEAN SQL over rows of their batch, whose number is in the column: none of these. */
export function isNoneOf(answers: Answers, column: "_n_" | "n"): string {
  return answers.size === 0 ? "true" : `${column} NOT IN (${numbersOf(answers)})`;
}

/** Those rows as a batch of their own, of which no row is sent. */
export async function writeAnswered(
  context: RunContext,
  batch: BatchRecord,
  number: number,
  answers: Answers,
): Promise<BatchRecord> {
  const { attempts, handle } = batch;
  const part = await writePart(context, batch, number, numbersOf(answers));
  const inOrder = [...answers].sort(([left], [right]) => left - right);
  // Without what was kept of a part that was not split off after all.
  openCallJournal(answersPath(context, part), part.sha256, false).keep(
    new Map(inOrder.map(([, answer], index) => [index + 1, answer])),
  );
  return { ...part, state: "committed", attempts, handle };
}
