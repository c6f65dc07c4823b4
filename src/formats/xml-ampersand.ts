// Why an XML file is not well-formed, where an & is the reason: parsers take all up to the next semicolon for a name, and
// complain far behind it, or not before the end of the file. In: the file again. Out: the first & that is wrong.

import { readText, type TextFile } from "./text.ts";

export interface WrongAmpersand {
  /** 1-based. */
  line: number;
  /** The entity that is named, where one is. */
  entity?: string;
}

/** Markup in which an & is a character like any other: how it begins and ends. */
const verbatim: Readonly<Record<string, RegExp>> = {
  "<!--": /-->/,
  "<![CDATA[": /\]\]>/,
  "<?": /\?>/,
  "<!DOCTYPE": /[>[]/,
};
const endOfSubset = /\]\s{0,9}>/;
const known = /^&(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);/;
const named = /^&([\p{L}_:][\p{L}\p{N}_:.-]*);/u;
/** Longer names of entities are none. */
const nameMax = 64;

/** Undefined where every & is the beginning of an entity that XML itself knows. */
export async function findWrongAmpersand(file: TextFile, encoding: string): Promise<WrongAmpersand | undefined> {
  const decoder = new TextDecoder("utf-8");
  const search = new AmpersandSearch();
  for await (const chunk of readText(file, encoding)) {
    const found = search.feed(decoder.decode(chunk, { stream: true }), false);
    if (found !== undefined) return found;
  }
  return search.feed(decoder.decode(), true);
}

class AmpersandSearch {
  #rest = "";
  #line = 1;
  /** What ends the markup that is open. */
  #end: RegExp | undefined;

  feed(text: string, isLast: boolean): WrongAmpersand | undefined {
    this.#rest += text;
    for (;;) {
      // What may go on in the next chunk waits for it.
      const limit = isLast ? this.#rest.length : this.#rest.length - nameMax;
      const found = (this.#end ?? /<!--|<!\[CDATA\[|<\?|<!DOCTYPE|&/).exec(this.#rest);
      const at = found?.index ?? -1;
      if (at < 0 || at >= limit) {
        this.#pass(Math.max(0, Math.min(limit, at < 0 ? limit : at)));
        return undefined;
      }
      this.#pass(at);
      if (this.#end !== undefined) {
        this.#end = found?.[0] === "[" ? endOfSubset : undefined;
        this.#pass(found?.[0].length ?? 0);
      } else if (this.#rest.startsWith("&")) {
        if (!known.test(this.#rest)) {
          const entity = named.exec(this.#rest)?.[1];
          return { line: this.#line, ...(entity === undefined ? {} : { entity }) };
        }
        this.#pass(1);
      } else {
        const start = Object.keys(verbatim).find((mark) => this.#rest.startsWith(mark)) ?? "";
        this.#end = verbatim[start];
        this.#pass(start.length);
      }
    }
  }

  #pass(length: number): void {
    this.#line += this.#rest.slice(0, length).split("\n").length - 1;
    this.#rest = this.#rest.slice(length);
  }
}
