// Answers that come in pages. In: how the page at a cursor (a token, an offset, an address, the last id) is asked for. Out:
// the pages, each once. Must hold: a page is a call of its own, so that what fails is asked for again from this page on;
// pages that lead back to one that was read are refused: they would never end, and records that follow would be missing.

import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";

/** `next`: where the next page begins; undefined for the last. */
export async function* followPages<Page extends { next: string | undefined }>(
  { name }: { name: string },
  doing: string,
  readPage: (at: string | undefined) => Promise<Page>,
  from?: string,
): AsyncGenerator<Page> {
  const visited = new Set<string | undefined>();
  let at = from;
  do {
    visited.add(at);
    const page = await readPage(at);
    yield page;
    at = page.next;
    if (at !== undefined && visited.has(at)) throw circleFailure(name, doing);
  } while (at !== undefined);
}

function circleFailure(name: string, doing: string): Failure {
  return new Failure(exitCode.failed, `${name}: ${doing} failed`, {
    why: "a page names as the next one a page that was read already: going on would never end and could miss records",
    next: "loadline resume, or run again; if it comes again, look for what stands between here and the system",
  });
}
