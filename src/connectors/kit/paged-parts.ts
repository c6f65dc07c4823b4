// Parts of the pages that a system lists its records in. In: pages from a cursor on. Out: parts of many pages. Must hold:
// each part says where the next begins, so that a run that goes on reads the rest, and nothing twice.

import type { ExtractedPart, ExtractRequest } from "../../contract/source.ts";
import type { Part } from "../../core/model.ts";
import { writePart } from "../../core/part-file.ts";

const partRowsMax = 20_000;
/** Locators of parts. */
const [ended, before] = ["end", "after "];

export interface CellPage {
  rows: string[][];
  /** The cursor that the next page begins at; undefined for the last. */
  next: string | undefined;
}

export interface PagedRecords {
  /** The ordinal of the first part; those of pages are the last of a request. */
  first: number;
  label: string;
  fields: readonly string[];
  /** `total`: of the records, 0 where it is not known. Asked only where there is a page left to read. */
  open(from: string | undefined): Promise<{ pages: AsyncIterable<CellPage>; total: number }>;
}

export async function* partsOfPages(
  request: Pick<ExtractRequest, "known" | "folder" | "onProgress">,
  { first, label, fields, open }: PagedRecords,
): AsyncGenerator<ExtractedPart> {
  const done = request.known.filter(({ ordinal }) => ordinal >= first);
  const last = done.toSorted((left, right) => left.ordinal - right.ordinal).at(-1);
  if (last?.locator === ended) return;
  const { pages, total } = await open(last && cursorOf(last));
  const left = pages[Symbol.asyncIterator]();
  let read = done.reduce((sum, { rows }) => sum + (rows ?? 0), 0);
  let next: string | undefined;
  const readPart = async function* () {
    let rows = 0;
    do {
      const page = await left.next();
      next = page.done === true ? undefined : page.value.next;
      if (page.done === true) return;
      yield* page.value.rows;
      rows += page.value.rows.length;
      read += page.value.rows.length;
      request.onProgress(read, total);
    } while (rows < partRowsMax && next !== undefined);
  };
  let ordinal = last?.ordinal ?? first - 1;
  do {
    ordinal += 1;
    const told = () => ({
      label: `${label}, part ${ordinal - first + 1}`,
      locator: next === undefined ? ended : `${before}${next}`,
    });
    yield await writePart(request, ordinal, fields, readPart(), told);
  } while (next !== undefined);
}

function cursorOf({ locator }: Part): string {
  return locator.slice(before.length);
}
