// What came of each case of a plan: its rows, and the records that mode mirror would delete.

import type { TestCase } from "../../../job/test-case.ts";
import type { CompiledStream } from "../../compile/compiled-stream.ts";
import type { GivenPlaces } from "./given-source.ts";
import type { TriedStream } from "./trial.ts";
import { readMirrorDeletes, readTriedRows, type TriedChange, type TriedRow } from "./tried-rows.ts";

export interface CaseRow extends TriedRow {
  /** Where it stands in `given`, from 0. */
  index: number;
}

export interface CaseResult {
  of: TestCase;
  compiled: CompiledStream;
  rows: CaseRow[];
  mirrorDeletes: TriedChange[];
}

export async function collectResults(
  tried: TriedStream,
  cases: readonly TestCase[],
  places: GivenPlaces,
): Promise<CaseResult[]> {
  const { compiled } = tried;
  // Mode mirror deletes for want of a row: such a case is alone in its plan.
  const mirrorDeletes = await readMirrorDeletes(tried);
  const results = new Map(cases.map((of): [TestCase, CaseResult] => [of, { of, compiled, rows: [], mirrorDeletes }]));
  for (const row of await readTriedRows(tried)) {
    const place = places.find(row.part, row.position);
    if (place !== undefined) results.get(place.of)?.rows.push({ ...row, index: place.index });
  }
  return [...results.values()];
}
