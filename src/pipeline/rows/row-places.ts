// Where rows stand in the source, for a message about another row. In: rows by their number in the stage. Out: the part
// and the line of each.

import type { Problem } from "../../core/problem.ts";
import type { Engine } from "../../stage/engine.ts";
import { locateLines } from "../../stage/locate-lines.ts";
import type { StagedStream } from "../stage/staged-stream.ts";

export interface RowPlace {
  part: number;
  label: string;
  /** 0 where lines are not known: records of an API have none. */
  line: number;
}

/** `rows`: SELECT of `_row_`. */
export async function locateRows(
  engine: Engine,
  { view, parts }: StagedStream,
  rows: string,
): Promise<Map<number, RowPlace>> {
  const found = await engine.all(`SELECT _row_ AS row, _part_ AS part, _position_ AS position, _line_ AS line
    FROM ${view} SEMI JOIN (${rows}) USING (_row_)`);
  const places = new Map<number, RowPlace>();
  for (const { part, open } of parts) {
    const ofPart = found.filter((row) => Number(row["part"]) === part.ordinal);
    if (ofPart.length === 0) continue;
    const unlined = ofPart.filter(({ line }) => line === null).map(({ position }) => Number(position));
    const lines = await locateLines(open, new Set(unlined));
    for (const { row, position, line } of ofPart) {
      const at = line === null ? (lines.get(Number(position)) ?? 0) : Number(line);
      places.set(Number(row), { part: part.ordinal, label: part.label, line: at });
    }
  }
  return places;
}

export function showPlace(label: string, line: number): string {
  return line === 0 ? label : `${label}, line ${line}`;
}

/** Says where the other row of a problem stands, as seen from a row of `part`. */
export function nameOther(problem: Problem, part: number, places?: ReadonlyMap<number, RowPlace>): Problem {
  const place = problem.other === undefined ? undefined : places?.get(problem.other);
  if (place === undefined) return problem;
  const { label, line } = place;
  const where = place.part === part && line > 0 ? `line ${line}` : showPlace(label, line);
  return { ...problem, message: `${problem.message}; see ${where}` };
}
