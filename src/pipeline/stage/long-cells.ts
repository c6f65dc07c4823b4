// Cells of many lines, once a stream is staged. In: what the pass over the rows has marked. Out: words for people, or a
// refusal with the lines of both quotes. What must hold: records that a stray quote swallowed are never taken as a value.

import { join } from "node:path";
import { countOf } from "../../core/counted.ts";
import { breaksMax, countBreaks, type LongCell, lookAtCell } from "../../formats/long-cells.ts";
import { swallowedFailure } from "../../stage/clean.ts";
import type { Engine } from "../../stage/engine.ts";
import { locateLines } from "../../stage/locate-lines.ts";
import { readSourceRows } from "../../stage/source-rows.ts";
import type { StagedPart, StagedStream } from "./staged-stream.ts";

/** What is worth a word. Throws a Failure where whole records stand in a cell. */
export async function lookAtLongCells(engine: Engine, staged: StagedStream, folder: string): Promise<string[]> {
  const marked = await engine.all(`SELECT _part_ AS part, min(_breaks_) AS least, max(_breaks_) AS most,
      arg_min(_position_, _breaks_) AS swallowing, count(*) FILTER (_breaks_ < 0) AS alike, count(*) FILTER (_breaks_ > 0) AS long, arg_max(_position_, _breaks_) AS longest
    FROM ${staged.view} WHERE _breaks_ IS NOT NULL GROUP BY _part_ ORDER BY _part_`);
  const words: string[] = [];
  for (const row of marked) {
    const found = staged.parts.find(({ part }) => part.ordinal === Number(row["part"]));
    if (found === undefined) continue;
    const { label } = found.part;
    if (Number(row["least"]) < 0) {
      const { first, last, cell } = await findCell(engine, found, Number(row["swallowing"]), folder);
      if (cell.breaks > breaksMax) throw swallowedFailure(label, first, last);
      const others = Number(row["alike"]) - 1;
      const more = others === 0 ? "" : `, and so ${others === 1 ? "does another" : `do ${others} others`}`;
      words.push(`${label}: the value in lines ${first}–${last} holds lines that look like records${more}; \
if a quote in it is none, correct it or set format.quote: none`);
    }
    if (Number(row["long"]) > 0) {
      const { first, last } = await findCell(engine, found, Number(row["longest"]), folder);
      const count = Number(row["long"]) === 1 ? "a value" : countOf(Number(row["long"]), "value");
      words.push(`${label}: ${count} of more than ${breaksMax} lines; the longest stands in lines ${first}–${last}`);
    }
  }
  return words;
}

interface FoundCell {
  first: number;
  last: number;
  cell: LongCell;
}

/** The cell of a marked row with the most line breaks, and the lines of its quotes. */
async function findCell(engine: Engine, staged: StagedPart, position: number, folder: string): Promise<FoundCell> {
  const { part, open, hasLines } = staged;
  const wanted = `SELECT CAST(${position} AS BIGINT) AS position`;
  const copyPath = join(folder, `look-${part.ordinal}.csv`);
  await readSourceRows({ engine, part, open, careful: hasLines, wanted, copyPath });
  const row = await engine.one("SELECT line, cells FROM source_rows");
  const located = row["line"] ?? (await locateLines(open, new Set([position]))).get(position);
  return placeCell(row["cells"] as string[], Number(located ?? 0), "text" in open ? open.text.format.delimiter : ",");
}

function placeCell(cells: readonly string[], line: number, delimiter: string): FoundCell {
  let first = line;
  let longest: FoundCell = { first, last: first, cell: { breaks: 0, holdsRecords: false } };
  for (const cell of cells) {
    const last = first + countBreaks(cell);
    const found = lookAtCell(cell, cells.length, { delimiter }) ?? { breaks: last - first, holdsRecords: false };
    if (found.breaks > longest.cell.breaks) longest = { first, last, cell: found };
    first = last;
  }
  return longest;
}
