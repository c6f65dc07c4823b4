// A JSON file that holds an array of records, itself or below a path. The records are cut out of the text one by one, so
// that a file need not fit into memory and a broken record costs nothing but itself; what remains of the file around them
// is checked as JSON at the end.

import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { type JsonFormat, recordBytesMax, type SourceRecord, tooLong } from "./format.ts";
import { readJsonObject } from "./json-object.ts";
import { readText, type TextFile } from "./text.ts";

/** Throws a Failure where there is no such array, or where the text around its records is no JSON. */
export async function* readJsonArray(file: TextFile, format: JsonFormat): AsyncGenerator<SourceRecord> {
  const cutter = new RecordCutter(file.label, format.records);
  for await (const chunk of readText(file, format.encoding)) {
    for (const { line, text } of cutter.feed(chunk.toString("latin1"))) {
      yield readJsonObject(Buffer.from(text, "latin1"), line, format.encoding);
    }
  }
  cutter.finish();
}

interface Cut {
  line: number;
  text: string;
}

/** Takes latin1: all that means anything in JSON is ASCII. */
class RecordCutter {
  readonly #label: string;
  readonly #path: readonly string[];
  /** The text around the records, and of what is open there: an object's latest key, null for an array. */
  #envelope = "";
  #keys: (string | null)[] = [];
  #closed = false;
  /** The latest string of it: cutting that out of the text each time would take the square of its length. */
  #name = "";
  #line = 1;
  #inString = false;
  #escaped = false;
  #inRecords = false;
  #found = false;
  /** The record so far, the line where it begins (0: nothing of it yet) and its open brackets. */
  #record = "";
  #recordLine = 0;
  #depth = 0;
  #afterComma = false;

  constructor(label: string, path: readonly string[]) {
    this.#label = label;
    this.#path = path;
  }

  *feed(text: string): Generator<Cut> {
    let start = 0;
    for (let index = 0; index < text.length; index += 1) {
      const character = text[index] ?? "";
      if (character === "\n") this.#line += 1;
      if (!this.#inRecords) {
        this.#passAround(character);
        start = index + 1;
      } else if (this.#inString) {
        this.#passString(character);
      } else if (this.#endsRecord(character)) {
        const cut = this.#cut(text.slice(start, index), character === "]");
        start = index + 1;
        if (cut !== undefined) yield cut;
      }
    }
    if (this.#inRecords) this.#record += text.slice(start);
    if (this.#record.length > recordBytesMax) throw tooLong(this.#label, this.#recordLine);
    if (this.#envelope.length > recordBytesMax) throw this.#notFound();
  }

  /** Throws a Failure where what stood around the records is no JSON, or where there were none. */
  finish(): void {
    const where = { file: this.#label, line: this.#inRecords && this.#recordLine > 0 ? this.#recordLine : this.#line };
    if (this.#inRecords) {
      const why = "a quote or a bracket is not closed, or the end of the file is missing";
      throw new Failure(exitCode.failed, "the file ends inside of the record that starts here", { where, why });
    }
    try {
      JSON.parse(this.#envelope);
    } catch (error) {
      const why =
        error instanceof Error
          ? error.message.replace(/ at position \d+| \(line \d+ column \d+\)/g, "")
          : String(error);
      throw new Failure(exitCode.failed, "the file is not valid JSON", { where, why, next: "ask for it again" });
    }
    if (!this.#found) throw this.#notFound();
  }

  #passString(character: string): void {
    if (this.#escaped) this.#escaped = false;
    else if (character === "\\") this.#escaped = true;
    else if (character === '"') this.#inString = false;
  }

  #passAround(character: string): void {
    this.#envelope += character;
    if (this.#inString) {
      this.#name += character;
      this.#passString(character);
      return;
    }
    const last = this.#keys.length - 1;
    if (character === '"') {
      this.#inString = true;
      this.#name = character;
    } else if (character === ":" && last >= 0) this.#keys[last] = readName(this.#name);
    else if (character === "{") {
      if (last < 0 && this.#closed) this.#refuseInARow();
      this.#keys.push("");
    } else if (character === "[") this.#openArray();
    else if (character === "}" || character === "]") {
      this.#keys.pop();
      this.#closed = true;
    }
  }

  #openArray(): void {
    const isRecords =
      this.#keys.length === this.#path.length && this.#path.every((name, index) => name === this.#keys[index]);
    this.#keys.push(null);
    if (!isRecords) return;
    if (this.#found) {
      throw new Failure(exitCode.failed, `the array ${showPath(this.#path)} stands in the file twice`, {
        where: { file: this.#label, line: this.#line },
      });
    }
    this.#found = true;
    this.#inRecords = true;
  }

  /** A closing bracket too many belongs to the record, which is no JSON then. */
  #endsRecord(character: string): boolean {
    if (this.#depth === 0 && (character === "," || character === "]")) return true;
    if (this.#recordLine === 0 && !/\s/.test(character)) this.#recordLine = this.#line;
    if (character === '"') this.#inString = true;
    else if (character === "{" || character === "[") this.#depth += 1;
    else if ((character === "}" || character === "]") && this.#depth > 0) this.#depth -= 1;
    return false;
  }

  #cut(text: string, last: boolean): Cut | undefined {
    const record = { line: this.#recordLine === 0 ? this.#line : this.#recordLine, text: this.#record + text };
    const isEmptyArray = last && this.#recordLine === 0 && !this.#afterComma;
    this.#record = "";
    this.#recordLine = 0;
    this.#afterComma = !last;
    if (last) {
      this.#inRecords = false;
      this.#keys.pop();
      this.#envelope += "]";
    }
    return isEmptyArray ? undefined : { line: record.line, text: record.text.trim() };
  }

  /** An object after the end of another one. */
  #refuseInARow(): never {
    throw new Failure(exitCode.failed, "the file holds several JSON objects in a row, not an array of them", {
      where: { file: this.#label, line: this.#line },
      next: "set format.type: jsonl if each stands on a line of its own; otherwise ask for an array, or for one a line",
    });
  }

  #notFound(): Failure {
    const what = this.#path.length === 0 ? "the file is not an array" : `there is no array ${showPath(this.#path)}`;
    const arrays = findArrays(this.#envelope).map(showPath);
    return new Failure(exitCode.failed, what, {
      where: { file: this.#label, line: 1 },
      next:
        arrays.length === 0 ? "check that this is the right file" : `set format.records, e.g. ${arrays.join(" or ")}`,
    });
  }
}

function readName(text: string): string {
  try {
    return String(JSON.parse(Buffer.from(text, "latin1").toString()));
  } catch {
    return "";
  }
}

export function showPath(path: readonly string[]): string {
  return `/${path.join("/")}`;
}

/** The paths of the arrays in objects, at most three names deep. */
function findArrays(envelope: string): string[][] {
  const search = (value: unknown, path: string[]): string[][] => {
    if (Array.isArray(value)) return [path];
    if (typeof value !== "object" || value === null || path.length > 2) return [];
    return Object.entries(value).flatMap(([name, inner]) => search(inner, [...path, name]));
  };
  try {
    return search(JSON.parse(envelope), []).slice(0, 3);
  } catch {
    return [];
  }
}
