// Inputs that went wrong once, each kept as a test with what is right: `<group>/<case>.test.ts`, one case a file. In: its
// name, what is right in one sentence, and the proof. Out: a test, and a line of the table that `npm run cases` prints.
// What must hold: a case stands for its kind, so its proof tries more of the kind than the one input that was reported.

import { test } from "vitest";

/** A case's name: its group, which is its folder here, and the case, which is its file. */
export type CaseName = `${string}/${string}`;

/** Between the name and what is right, in the name of a test. */
export const nameEnd = ": ";

export function caseOf(name: CaseName, right: string, prove: () => Promise<void>): void {
  test(`${name}${nameEnd}${right}`, prove);
}
