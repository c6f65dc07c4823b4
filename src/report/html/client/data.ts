// The changes of a page, as they lie in it (../embed.ts). In: base64 of compressed lines. Out: rows, as soon as a line of
// them is there.

/** null: no value; 0: one that the job redacts. */
export type Cell = string | number | null;

/** `stream, action, outcome, key, id, message`, then `field, before, after` of each field; names are by their place. */
export type Row = readonly Cell[];

export const place = { stream: 0, action: 1, outcome: 2, key: 3, id: 4, message: 5, fields: 6 } as const;

/** Cells of a field. */
export const fieldCells = 3;

export interface Data {
  names: string[];
  rows: Row[];
}

/** Reads all of it; `grown` is called after each piece. */
export async function readData(base64: string, data: Data, grown: () => void): Promise<void> {
  const compressed = new Blob([bytesOf(base64)]).stream();
  const texts = compressed
    .pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await texts.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [names, rows] = JSON.parse(line) as [string[], Row[]];
      data.names.push(...names);
      data.rows.push(...rows);
    }
    if (lines.length > 0) grown();
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

export interface Wanted {
  /** In small letters. */
  text: string;
  /** Places of names; undefined for all. */
  stream: number | undefined;
  action: number | undefined;
  outcome: number | undefined;
  field: number | undefined;
}

const texts = new WeakMap<Row, string>();

/** What is searched in a row: its values, key and id, in small letters. */
function textOf(row: Row): string {
  const known = texts.get(row);
  if (known !== undefined) return known;
  const text = row
    .slice(place.key)
    .filter((cell) => typeof cell === "string")
    .join("\n")
    .toLowerCase();
  texts.set(row, text);
  return text;
}

export function isWanted(row: Row, { text, stream, action, outcome, field }: Wanted): boolean {
  if (stream !== undefined && row[place.stream] !== stream) return false;
  if (action !== undefined && row[place.action] !== action) return false;
  if (outcome !== undefined && row[place.outcome] !== outcome) return false;
  if (field !== undefined && !hasField(row, field)) return false;
  return text === "" || textOf(row).includes(text);
}

function hasField(row: Row, field: number): boolean {
  for (let at = place.fields; at < row.length; at += fieldCells) if (row[at] === field) return true;
  return false;
}
