// Records of an XML file: the elements at a path. A record's columns are its attributes (`@name`), its child elements and
// their attributes (`price@currency`), and its own text (`#text`). What has children itself, and what stands several
// times, becomes JSON text. Of text with elements inside, an object loses the order: `#pieces` has it.
// Entities are not expanded but the five of XML itself and characters by number, so a document can't grow while it is
// read. What is not well-formed is refused: nothing after it can be told apart.

import { SaxesParser, type SaxesTagPlain } from "saxes";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { encodingOfMark, nameEncoding } from "./encoding.ts";
import { recordBytesMax, type SourceRecord, tooLong, type XmlFormat } from "./format.ts";
import { showPath } from "./json-array.ts";
import { readUnpacked } from "./packing.ts";
import { readText, type TextFile } from "./text.ts";
import { findWrongAmpersand } from "./xml-ampersand.ts";

/** Deeper than any feed, and shallow enough for every function that walks a value. */
const depthMax = 100;

/** Throws a Failure where the file is not well-formed, or holds other elements than the path says. */
export async function* readXmlRecords(file: TextFile, format: XmlFormat): AsyncGenerator<SourceRecord> {
  const encoding = format.encoding ?? (await readDeclaredEncoding(file));
  const reader = new RecordReader(file.label, format.records);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (bytes: Buffer | undefined) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw reader.fail(`the file is not valid ${encoding}`, "it can't be read on from here");
    }
  };
  try {
    for await (const chunk of readText(file, encoding)) yield* reader.feed(decode(chunk));
    yield* reader.finish(decode(undefined));
  } catch (error) {
    throw reader.isIllFormed ? await explainAmpersand(file, encoding, error) : error;
  }
}

/** What the parser says of an & is about a place far behind it. */
async function explainAmpersand(file: TextFile, encoding: string, error: unknown): Promise<unknown> {
  const found = await findWrongAmpersand(file, encoding);
  const line = error instanceof Failure ? (error.where?.line ?? 0) : 0;
  if (found === undefined || found.line > line) return error;
  return new Failure(exitCode.failed, notWellFormed, {
    where: { file: file.label, line: found.line },
    ...(found.entity === undefined
      ? { why: "an & stands for itself, where it begins an entity", next: "have the sender write &amp; for it" }
      : {
          why: `the entity &${found.entity}; is not known: XML knows &amp; &lt; &gt; &quot; &apos;, and no DTD is read`,
          next: "have the sender write the character itself, or its number: &#160; for &nbsp;",
        }),
  });
}

const notWellFormed = "the file is not well-formed XML";

/** The mark, else `encoding` of the declaration, else UTF-8 (XML 1.0, 4.3.3). */
async function readDeclaredEncoding(file: TextFile): Promise<string> {
  for await (const chunk of readUnpacked(file.path, file.label)) {
    const mark = encodingOfMark(chunk);
    if (mark !== undefined) return mark;
    if (chunk[0] === 0 || chunk[1] === 0) return "utf-16";
    const declared = /^<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(chunk.toString("latin1", 0, 200))?.[1];
    if (declared === undefined) return "utf-8";
    const name = nameEncoding(declared);
    if (name !== undefined) return name;
    throw new Failure(exitCode.failed, `the file says that it is written in ${declared}, which is not known`, {
      where: { file: file.label, line: 1 },
      next: "set format.encoding",
    });
  }
  return "utf-8";
}

interface OpenElement {
  name: string;
  attributes: Map<string, string>;
  /** Texts and children in their order. */
  pieces: (string | { name: string; value: Value })[];
}

/**
 * Text, JSON text of what is more than text, or nothing; of text also the attributes of its element. `piece` is its JSON
 * within `#pieces`, where elements with pieces have these alone: with all of both, each level would double the text.
 */
type Value = { json: string; piece: string } & (
  | { text: string | null; attributes: [name: string, value: string][] }
  | { text?: never }
);

class RecordReader {
  readonly #label: string;
  readonly #path: readonly string[];
  readonly #parser = new SaxesParser();
  readonly #open: string[] = [];
  /** The open elements of a record; empty outside of one. */
  readonly #stack: OpenElement[] = [];
  #done: SourceRecord[] = [];
  #recordLine = 0;
  #recordStart = 0;
  #lastEvent = 0;
  /** Names seen where records should be. */
  readonly #others = new Set<string>();
  #parentSeen = false;
  /** Whether the parser has refused the text. */
  isIllFormed = false;
  #recordSeen = false;
  /** What is wrong with the open record, in words. */
  #broken: SourceRecord["broken"];

  constructor(label: string, path: readonly string[]) {
    this.#label = label;
    this.#path = path;
    const parser = this.#parser;
    parser.on("error", (error) => {
      this.isIllFormed = true;
      throw this.fail(notWellFormed, error.message.replace(/^[^ ]*\d+:\d+: /, ""));
    });
    parser.on("opentag", (tag) => this.#openElement(tag));
    parser.on("closetag", () => this.#closeElement());
    parser.on("text", (text) => this.#addText(text));
    parser.on("cdata", (text) => this.#addText(text));
  }

  fail(what: string, why: string): Failure {
    const where = { file: this.#label, line: this.#parser.line };
    return new Failure(exitCode.failed, what, { where, why, next: "correct the file, or ask for it again" });
  }

  *feed(text: string): Generator<SourceRecord> {
    this.#parser.write(text);
    const start = this.#stack.length > 0 ? this.#recordStart : this.#lastEvent;
    if (this.#parser.position - start > recordBytesMax) {
      throw tooLong(this.#label, this.#stack.length > 0 ? this.#recordLine : this.#parser.line);
    }
    yield* this.#done;
    this.#done = [];
  }

  *finish(text: string): Generator<SourceRecord> {
    this.#parser.write(text).close();
    yield* this.#done;
    if (this.#recordSeen || (this.#parentSeen && this.#others.size === 0)) return;
    throw new Failure(exitCode.failed, `there is no element ${showPath(this.#path)}`, {
      where: { file: this.#label, line: 1 },
      next:
        this.#others.size === 0
          ? "check format.records against the file"
          : `set format.records; beside it there are: ${[...this.#others].join(", ")}`,
    });
  }

  #openElement({ name, attributes }: SaxesTagPlain): void {
    this.#lastEvent = this.#parser.position;
    this.#open.push(name);
    if (this.#open.length > depthMax) throw this.fail("the file is nested too deep", `${depthMax} elements are open`);
    if (this.#stack.length === 0) {
      if (!this.#isRecord()) {
        this.#noteOther(name);
        return;
      }
      this.#recordLine = this.#parser.line;
      this.#recordStart = this.#parser.position;
      this.#recordSeen = true;
    }
    const written = new Map(Object.entries(attributes));
    this.#stack.push({ name, attributes: written, pieces: [] });
  }

  #isRecord(): boolean {
    return this.#open.length === this.#path.length && this.#path.every((name, index) => name === this.#open[index]);
  }

  #noteOther(name: string): void {
    const depth = this.#path.length;
    const inside = this.#path.slice(0, -1).every((part, index) => part === this.#open[index]);
    if (inside && this.#open.length === depth && this.#others.size < 10) this.#others.add(name);
    if (inside && this.#open.length === depth - 1) this.#parentSeen = true;
  }

  #addText(text: string): void {
    this.#lastEvent = this.#parser.position;
    const element = this.#stack.at(-1);
    if (element === undefined) return;
    const last = element.pieces.at(-1);
    if (typeof last === "string") element.pieces[element.pieces.length - 1] = last + text;
    else element.pieces.push(text);
  }

  #closeElement(): void {
    this.#lastEvent = this.#parser.position;
    this.#open.pop();
    const element = this.#stack.pop();
    if (element === undefined) return;
    const parent = this.#stack.at(-1);
    if (parent === undefined) {
      const broken = this.#broken === undefined ? {} : { broken: this.#broken };
      this.#done.push({ line: this.#recordLine, ...readCells(element), ...broken });
      this.#broken = undefined;
      return;
    }
    const text = textOf(element);
    if (isNil(element) && text.trim() !== "") {
      this.#broken = { reason: `"${element.name}" is said to have no value (xsi:nil), and has one`, text };
    }
    parent.pieces.push({ name: element.name, value: readValue(element) });
  }
}

function textOf({ pieces }: OpenElement): string {
  return pieces.filter((piece) => typeof piece === "string").join("");
}

function childrenOf({ pieces }: OpenElement): Map<string, Value[]> {
  const children = new Map<string, Value[]>();
  for (const piece of pieces) {
    if (typeof piece === "string") continue;
    const values = children.get(piece.name);
    if (values === undefined) children.set(piece.name, [piece.value]);
    else values.push(piece.value);
  }
  return children;
}

/** The value of an element is its text, whatever attributes it has: those are columns of their own. */
function readCells(record: OpenElement): Pick<SourceRecord, "cells" | "nested"> {
  const cells = new Map<string, string | null>();
  const nested = new Set<string>();
  for (const [name, value] of record.attributes) cells.set(`@${name}`, value);
  for (const [name, values] of childrenOf(record)) {
    const [first] = values;
    if (first === undefined) continue;
    if (values.length > 1 || first.text === undefined) {
      nested.add(name);
      cells.set(name, values.length > 1 ? `[${values.map(({ json }) => json).join(",")}]` : first.json);
      continue;
    }
    cells.set(name, first.text);
    for (const [attribute, value] of first.attributes) cells.set(`${name}@${attribute}`, value);
  }
  const text = textOf(record);
  if (text.trim() !== "") cells.set("#text", text);
  return { cells, nested };
}

/** `xsi:nil="true"` says that there is no value (XML Schema 1.0, 2.6.2). */
function isNil({ attributes, pieces }: OpenElement): boolean {
  const says = [...attributes].some(([name, value]) => name.endsWith(":nil") && (value === "true" || value === "1"));
  return says && pieces.every((piece) => typeof piece === "string");
}

function readValue(element: OpenElement): Value {
  const written = [...element.attributes].filter(([name]) => !name.startsWith("xmlns"));
  const attributes = written.filter(([name]) => !name.endsWith(":nil"));
  if (isNil(element)) return { text: null, json: "null", piece: "null", attributes };
  const text = textOf(element);
  const children = childrenOf(element);
  const own = attributes.map(([name, value]) => memberOf(`@${name}`, JSON.stringify(value)));
  const ownText = text.trim() === "" ? [] : [memberOf("#text", JSON.stringify(text))];
  if (children.size === 0) {
    const json = own.length === 0 ? JSON.stringify(text) : objectOf([...own, ...ownText]);
    return { text, json, piece: json, attributes };
  }
  const inside = (form: "json" | "piece") =>
    [...children].map(([name, values]) => {
      const json = values.map((value) => value[form]).join(",");
      return memberOf(name, values.length > 1 ? `[${json}]` : json);
    });
  if (ownText.length > 0) {
    const pieces = element.pieces.map((piece) =>
      typeof piece === "string" ? JSON.stringify(piece) : objectOf([memberOf(piece.name, piece.value.piece)]),
    );
    const ordered = memberOf("#pieces", `[${pieces.join(",")}]`);
    return { json: objectOf([...own, ...inside("json"), ...ownText, ordered]), piece: objectOf([...own, ordered]) };
  }
  const json = objectOf([...own, ...inside("json")]);
  const hasPieces = [...children.values()].some((values) => values.some((value) => value.piece !== value.json));
  return { json, piece: hasPieces ? objectOf([...own, ...inside("piece")]) : json };
}

function memberOf(name: string, json: string): string {
  return `${JSON.stringify(name)}:${json}`;
}

function objectOf(members: readonly string[]): string {
  return `{${members.join(",")}}`;
}
