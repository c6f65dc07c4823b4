// Every change of a plan, as text for a person, as JSON Lines or as CSV. In: changes without redacted values, one after
// the other. Out: pieces of text, each of whole lines. What must hold: no more than some changes are in memory; no value
// and no blank of JSON and CSV is lost, but what is under `redact`.

import { columnsFor, linesOf } from "./change-lines.ts";
import { type Look, renderLines } from "./lines.ts";
import { hidden, type PlannedChange, type Value } from "./plan.ts";
import { dots } from "./reject-reasons.ts";

type Changes = AsyncIterable<PlannedChange>;

/** Pieces of so many changes: each is a write. */
const together = 200;

async function* gather(changes: Changes): AsyncGenerator<PlannedChange[]> {
  let gathered: PlannedChange[] = [];
  for await (const change of changes) {
    gathered.push(change);
    if (gathered.length < together) continue;
    yield gathered;
    gathered = [];
  }
  if (gathered.length > 0) yield gathered;
}

/** In columns as wide as the widest key and name. */
export async function* changesText(
  changes: Changes,
  widest: { key: number; field: number },
  look: Look,
): AsyncGenerator<string> {
  const columns = columnsFor(widest, look.width);
  for await (const some of gather(changes)) yield `${renderLines(linesOf(some, columns), look)}\n`;
}

/** A line a change. What a terminal could take for a command is written as JSON's escape of it. */
export async function* changesJson(stream: string, changes: Changes): AsyncGenerator<string> {
  for await (const some of gather(changes)) {
    const lines = some.map(({ action, key, id, fields }) => {
      const told = fields.map(({ field, before, after }) => [field, { before: shown(before), after: shown(after) }]);
      return JSON.stringify({ stream, action, key: shown(key), id, fields: Object.fromEntries(told) });
    });
    yield `${lines.join("\n").replaceAll(/[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, escapeCharacter)}\n`;
  }
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

export const csvHeader = "stream,action,key,id,field,before,after\n";

/** A line a field, and one without a field for a record of which none is written. No value is an empty cell, "" empty text. */
export async function* changesCsv(stream: string, changes: Changes): AsyncGenerator<string> {
  for await (const some of gather(changes)) {
    const rows = some.flatMap(({ action, key, id, fields }) => {
      const start = [stream, action, shown(key), id];
      if (fields.length === 0) return [[...start, null, null, null]];
      return fields.map(({ field, before, after }) => [...start, field, shown(before), shown(after)]);
    });
    yield rows.map((cells) => `${cells.map(csvCell).join(",")}\n`).join("");
  }
}

function csvCell(value: string | null): string {
  if (value === null) return "";
  return value === "" || /["\n\r,]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function shown(value: Value): string | null {
  return value === hidden ? dots : value;
}
