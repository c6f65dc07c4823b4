// Reads a YAML 1.2 file within limits, so that no file can exhaust time or memory: 1 MiB, 20 levels, no aliases.
// In: a path. Out: the tree of its one document. Whatever is not plain YAML is a diagnostic.

import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  Composer,
  type CST,
  type Document,
  isMap,
  isScalar,
  Lexer,
  type Node,
  Parser,
  type Scalar,
  visit,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import { showPath, usageFailure } from "../core/errors.ts";
import { suggest } from "../core/suggest.ts";
import { type Diagnostics, SourceText, type Span } from "./diagnostics.ts";
import { buildTree, type MapNode } from "./yaml-tree.ts";

const bytesMax = 1024 * 1024;
const depthMax = 20;

const tokensMax = 200_000;

/** In our own words, because the parser's quote the text, which may be a credential. */
const syntaxMessages: Readonly<Record<string, string>> = {
  BAD_DQ_ESCAPE: "an escape sequence that YAML does not know",
  BAD_INDENT: "wrong indentation",
  BAD_SCALAR_START: "a character that YAML reserves",
  BLOCK_AS_IMPLICIT_KEY: 'a ": " inside a value',
  MULTILINE_IMPLICIT_KEY: 'a key without ": "',
  NON_STRING_KEY: "a key that is not text",
  TAB_AS_INDENT: "a tab in the indentation",
  TAG_RESOLVE_FAILED: "a tag that YAML does not know",
  UNEXPECTED_TOKEN: "text that does not belong here",
};
const quotingAdvice =
  'quote the whole value, or write it below a |, if it holds ": " or " #", starts with one of { [ * & ! | > % @ ` or a quote';
const quotingErrors = new Set([
  "BAD_SCALAR_START",
  "BLOCK_AS_IMPLICIT_KEY",
  "MULTILINE_IMPLICIT_KEY",
  "UNEXPECTED_TOKEN",
]);

/** The text of a YAML file. Throws a Failure (exit 2) if it is missing, over 1 MiB or not UTF-8. */
export function readSource(file: string): SourceText {
  const bytes = readBytes(file);
  if (!isUtf8(bytes)) {
    const lenient = new SourceText(file, new TextDecoder().decode(bytes));
    const where = lenient.placeAt(lenient.text.indexOf("\uFFFD"));
    throw usageFailure("the file is not UTF-8", { where, next: "save it as UTF-8" });
  }
  return new SourceText(file, new TextDecoder().decode(bytes));
}

function readBytes(file: string): Buffer {
  try {
    const descriptor = openSync(file, "r");
    try {
      if (fstatSync(descriptor).size > bytesMax) throw usageFailure("the file is over 1 MiB", { where: { file } });
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    if (cause.code === "ENOENT")
      throw usageFailure("there is no such file", { where: { file }, ...adviceOn(file), cause });
    throw usageFailure("the file cannot be read", { where: { file }, why: cause.message, cause });
  }
}

/** The file that may be meant. */
function adviceOn(file: string): { next?: string } {
  let names: string[];
  try {
    names = readdirSync(dirname(file)).filter((name) => /\.ya?ml$/.test(name));
  } catch {
    return { next: `there is no folder ${showPath(dirname(file))} either` };
  }
  const meant = suggest(basename(file), names);
  return meant === undefined ? {} : { next: `did you mean ${showPath(join(dirname(file), meant))}?` };
}

/**
 * The one document of the source, a map. With `extensions`, top-level keys that start with `x-` may hold aliases and
 * are left out. Throws the Failure of all that is not well-formed.
 */
export function parseYaml(diagnostics: Diagnostics, options: { extensions: boolean }): MapNode {
  const documents = composeDocuments(diagnostics);
  const second = documents[1];
  if (second !== undefined) {
    diagnostics.add(startOf(second.range[0]), "a second document starts here: one file holds one document");
  }
  const root = documents[0]?.contents;
  if (!isMap(root)) {
    const isEmpty = root === undefined || root === null || (isScalar(root) && root.value === null);
    diagnostics.add(startOf(root?.range?.[0] ?? 0), isEmpty ? "the file is empty" : "expected a map of keys");
  }
  diagnostics.throwIfAny();
  const tree = buildTree(root ?? null, diagnostics, startOf(0)) as MapNode;
  const isExtension = (name: string) => options.extensions && name.startsWith("x-");
  for (const pair of (root as YAMLMap<Scalar, Node | null>).items) {
    if (!isExtension(String(pair.key.value))) refuseAliases(pair.value, diagnostics);
  }
  for (const name of tree.entries.keys()) if (isExtension(name)) tree.entries.delete(name);
  diagnostics.throwIfAny();
  return tree;
}

function composeDocuments(diagnostics: Diagnostics): Document.Parsed[] {
  // Unique keys are checked while the tree is built: the composer compares each key with all before it.
  const composer = new Composer({ version: "1.2", stringKeys: true, uniqueKeys: false, prettyErrors: false });
  const documents = [...composer.compose(tokensOf(diagnostics))];
  const lines = new Set<number | undefined>();
  for (const error of documents.flatMap((document) => [...document.errors, ...document.warnings])) {
    const { line } = diagnostics.source.placeAt(error.pos[0]);
    // The errors after the first of a line mostly follow from it.
    if (!lines.has(line)) addSyntaxError(error, diagnostics);
    lines.add(line);
  }
  diagnostics.throwIfAny();
  return documents;
}

function addSyntaxError(error: YAMLError, diagnostics: Diagnostics): void {
  const isFixedText = error.code === "MISSING_CHAR";
  const message = isFixedText ? error.message : (syntaxMessages[error.code] ?? "something is out of place");
  const details = quotingErrors.has(error.code) ? { next: quotingAdvice } : {};
  diagnostics.add({ start: error.pos[0], end: error.pos[1] }, `not well-formed YAML: ${message}`, details);
}

/** The parser keeps a stack of its own; the composer recurses, so depth must be limited before it sees a token. */
function* tokensOf(diagnostics: Diagnostics): Generator<CST.Token> {
  const parser = new Parser();
  let tokens = 0;
  for (const lexeme of new Lexer().lex(diagnostics.source.text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === "directive") refuse(diagnostics, token.offset, "YAML directives are not supported");
      yield token;
    }
    tokens += 1;
    if (tokens > tokensMax) refuse(diagnostics, parser.offset - 1, `more than ${tokensMax} YAML tokens`);
    const depth = parser.stack.filter((token) => "items" in token).length;
    if (depth > depthMax) refuse(diagnostics, parser.offset - 1, `nested deeper than ${depthMax} levels`);
  }
  yield* parser.end();
}

function refuse(diagnostics: Diagnostics, offset: number, message: string): void {
  diagnostics.add(startOf(offset), message);
  diagnostics.throwIfAny();
}

function refuseAliases(node: Node | null, diagnostics: Diagnostics): void {
  if (node === null) return;
  visit(node, {
    Alias: (_key, alias) => {
      const start = alias.range?.[0] ?? 0;
      diagnostics.add({ start, end: start + alias.source.length + 1 }, "aliases are not supported outside x-* keys");
    },
  });
}

function startOf(offset: number): Span {
  return { start: offset, end: offset + 1 };
}
