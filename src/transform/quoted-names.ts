// Names of columns in expressions. In: a name, or an expression and the names that there are. Out: the name as SQL takes
// it, or the first name that stands there without the double quotes that it needs.

import { blankQuotes } from "./explain-syntax.ts";

/** Words that can't stand for a column without quotes (`duckdb_keywords()`, each tried). */
const reserved = new Set(
  `all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check collate
  collation column concurrently constraint create cross default deferrable desc describe distinct do else end except
  false fetch for foreign freeze from full glob group having ilike in initially inner intersect into is isnull join
  lambda lateral leading left like limit natural not notnull null offset on only or order outer overlaps pivot
  pivot_longer pivot_wider placing positional primary qualify references returning right select semi show similar some
  summarize symmetric table tablesample then to trailing true union unique unpack unpivot using variadic verbose when
  where window with`.split(/\s+/),
);

/** In double quotes where SQL would read it otherwise. */
export function nameInSql(column: string): string {
  const isPlain = /^[a-z_][a-z0-9_]*$/i.test(column) && !reserved.has(column.toLowerCase());
  return isPlain ? column : quoteName(column);
}

/** The column that an expression is, where it is nothing else: the engine takes 1 ms to tell its syntax tree. */
export function readColumnAlone(sql: string): string | undefined {
  const [, quoted] = /^"([^"\0]+)"$/.exec(sql) ?? [];
  return quoted ?? (nameInSql(sql) === sql ? sql : undefined);
}

function quoteName(column: string): string {
  return `"${column.replaceAll('"', '""')}"`;
}

export interface UnquotedName {
  column: string;
  /** As it is to be written. */
  written: string;
  /** Characters from the start of the expression. */
  offset: number;
}

/** Only of use where the expression is wrong: in a right one such a word means what SQL says. */
export function findUnquotedName(sql: string, columns: Iterable<string>): UnquotedName | undefined {
  const bare = blankQuotes(sql);
  const found = [...columns].flatMap((column): UnquotedName[] => {
    const written = nameInSql(column);
    if (written === column || column.trim() === "") return [];
    const offset = findWord(bare.toLowerCase(), column.toLowerCase());
    const isCall = offset !== undefined && /^\s*\(/.test(bare.slice(offset + column.length));
    return offset === undefined || isCall ? [] : [{ column, written, offset }];
  });
  // `Firma Nr` rather than a column called Nr in it.
  return found.sort((left, right) => left.offset - right.offset || right.column.length - left.column.length)[0];
}

function findWord(text: string, word: string): number | undefined {
  const isPart = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_]/u.test(character);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isPart(text[at - 1]) && !isPart(text[at + word.length])) return at;
  }
  return undefined;
}
