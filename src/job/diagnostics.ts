// Problems of a YAML file as a person reads them: file:line:column, what is wrong, the line, an underline, and the
// name that was probably meant. In: spans of a text (while it is read) or places (later, from any step).
// Out: text for a Failure. What must hold: all problems are told at once, in the order of the file, each once; control
// characters of the file never reach a terminal.

import { readFileSync } from "node:fs";
import { countOf } from "../core/counted.ts";
import { Failure, type Place, placeOf } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";

const diagnosticsShownMax = 50;
const lineWidthMax = 160;

/** A part of a text, as UTF-16 offsets; `end` is exclusive. */
export interface Span {
  start: number;
  end: number;
}

export interface Diagnostic {
  place: Place;
  /** Characters to underline; at most the rest of the line. Default 1. */
  length?: number;
  message: string;
  /** The name that was probably meant. */
  suggestion?: string;
  /** What to do about it. */
  next?: string;
}

/** A file's text, which knows the place of each of its offsets. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #lineStarts: number[] = [0];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.#lineStarts.push(at + 1);
  }

  placeAt(offset: number): Place {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }

  offsetOf(place: Place): number {
    return (this.#lineStarts[(place.line ?? 1) - 1] ?? this.text.length) + (place.column ?? 1) - 1;
  }
}

/** Collects the problems of one file. */
export class Diagnostics {
  readonly source: SourceText;
  readonly #shownText: string;
  readonly #found = new Map<string, Diagnostic & Span>();

  /** `shownText` stands in for the file where lines are printed: the same text with credentials masked. */
  constructor(source: SourceText, shownText: string = source.text) {
    this.source = source;
    this.#shownText = shownText;
  }

  add(span: Span, message: string, details: Pick<Diagnostic, "suggestion" | "next"> = {}): void {
    const place = this.source.placeAt(span.start);
    // A merged default is checked in every stream, but it is written once.
    this.#found.set(`${span.start} ${message}`, { ...span, place, length: span.end - span.start, message, ...details });
  }

  /** Whether a part of the file can be told: false where a credential may stand. */
  isShown(span: Span): boolean {
    return this.#shownText.slice(span.start, span.end) === this.source.text.slice(span.start, span.end);
  }

  throwIfAny(): void {
    if (this.#found.size === 0) return;
    const inOrder = [...this.#found.values()].sort((left, right) => left.start - right.start);
    throw diagnosticsFailure(inOrder, this.#shownText);
  }
}

/** One failure (exit 2) that tells all the problems. `text` is the file's, where it is at hand. */
export function diagnosticsFailure(diagnostics: readonly Diagnostic[], text?: string): Failure {
  const shown = diagnostics.slice(0, diagnosticsShownMax).map((diagnostic) => showDiagnostic(diagnostic, text));
  if (diagnostics.length > shown.length)
    shown.push(`and ${countOf(diagnostics.length - shown.length, "more problem")}`);
  const problems = diagnostics.slice(0, diagnosticsShownMax).map(({ place, message, next }) => {
    return { where: place, what: next === undefined ? message : `${message}\nnext: ${next}` };
  });
  return new Failure(exitCode.usage, shown.join("\n"), { problems });
}

/**
 * A problem with the line of the file underlined:
 *
 *     jobs/contacts.yaml:4:5: unknown key "sorce"
 *       4 |     sorce: { connection: drop }
 *         |     ~~~~~ did you mean "source"?
 *
 * The file is read if `text` is not given; only the first line is shown if it is gone.
 */
export function showDiagnostic(diagnostic: Diagnostic, text?: string): string {
  const { place, message, suggestion, next } = diagnostic;
  const meant = suggestion === undefined ? "" : `did you mean "${suggestion}"?`;
  const lines = [`${placeOf(place)}: ${printable(message)}`];
  const line = lineAt(place, text);
  if (line === undefined) {
    if (meant !== "") lines.push(`  ${meant}`);
  } else {
    const number = String(place.line);
    const { shown, column } = cutLine(line, place.column ?? 1);
    const width = Math.max(1, Math.min(diagnostic.length ?? 1, shown.length - column + 1));
    lines.push(`  ${number} | ${shown}`);
    lines.push(`  ${" ".repeat(number.length)} | ${" ".repeat(column - 1)}${"~".repeat(width)} ${meant}`.trimEnd());
  }
  if (next !== undefined) lines.push(`  next: ${printable(next)}`);
  return lines.join("\n");
}

function lineAt(place: Place, text: string | undefined): string | undefined {
  if (place.line === undefined) return undefined;
  const whole = text ?? readIfPossible(place.file);
  return whole?.split("\n", place.line)[place.line - 1]?.replace(/\r$/, "");
}

/** A file's text, or undefined where it cannot be read (any more). */
export function readIfPossible(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function cutLine(line: string, column: number): { shown: string; column: number } {
  const start = column + lineWidthMax / 2 <= lineWidthMax ? 0 : Math.max(0, column - lineWidthMax / 2);
  return { shown: printable(line.slice(start, start + lineWidthMax)), column: column - start };
}

/** One character for one, so that the underline stays below what it means. */
function printable(text: string): string {
  return text.replaceAll("\t", " ").replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "·");
}
