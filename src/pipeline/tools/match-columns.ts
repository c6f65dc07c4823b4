// Which field a column is for, by its name, the field's label and what its values, or its type, are. In: columns with values of
// a sample or with their types, the fields of an object. Out: an expression for each column that has a field, and what a person should look
// at. Must hold: a field has one column at most; where two fields fit alike, or values don't, it is said.

import { withArticle } from "../../core/counted.ts";
import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import { suggest } from "../../core/suggest.ts";
import { nameInSql } from "../../transform/quoted-names.ts";
import { lettersOf, meaningOf } from "./column-words.ts";
import { guessExpression } from "./guess-expression.ts";

/** What a map is made from. */
export interface KnownColumns {
  /** Values of the first rows by column, in the order of the columns; of a table none. */
  samples: ReadonlyMap<string, readonly string[]>;
  /** What an expression sees of a column, where that is known. */
  types?: ReadonlyMap<string, string>;
  /** Whether its values tell the rows apart. */
  isUnique(column: string): boolean;
}

export interface MatchedColumn {
  column: string;
  field: FieldSchema;
  sql: string;
  doubts: string[];
}

export interface MatchedColumns {
  matched: MatchedColumn[];
  /** Columns without a field, each with the reason where there is more to say. */
  unmatched: { column: string; why?: string }[];
}

interface Candidate {
  column: string;
  field: FieldSchema;
  score: number;
  doubt?: string;
}

export function matchColumns(
  { samples, types }: Pick<KnownColumns, "samples" | "types">,
  schema: ObjectSchema,
): MatchedColumns {
  const fields = [...schema.fields.values()].filter(isMappable);
  const candidates = [...samples].flatMap(([column, values]) => findCandidates(column, values, fields));
  // A sort keeps the order of the columns, and of the fields, among equals.
  candidates.sort((left, right) => right.score - left.score);
  const byColumn = new Map<string, MatchedColumn>();
  const taken = new Set<string>();
  const reasons = new Map<string, string>();
  for (const { column, field, doubt } of candidates) {
    if (byColumn.has(column) || taken.has(field.name)) continue;
    const type = types?.get(column);
    const fitting =
      type === undefined
        ? expressionFor(column, samples.get(column) ?? [], field)
        : expressionOfType(column, type, field);
    if ("problem" in fitting) {
      reasons.set(column, reasons.get(column) ?? `${field.name}: ${fitting.problem}`);
      continue;
    }
    taken.add(field.name);
    const doubts = [...(doubt === undefined ? [] : [doubt]), ...fitting.doubts];
    byColumn.set(column, { column, field, sql: fitting.sql, doubts });
  }
  const unmatched = [...samples.keys()]
    .filter((column) => !byColumn.has(column))
    .map((column) => {
      const why = reasons.get(column);
      return why === undefined ? { column } : { column, why };
    });
  return { matched: [...samples.keys()].flatMap((column) => byColumn.get(column) ?? []), unmatched };
}

/** Ids of other records are nothing that a file from outside knows. */
function isMappable({ kind, createable, updateable, several, readable }: FieldSchema): boolean {
  return createable && updateable && kind !== "reference" && kind !== "id" && several !== true && readable !== "blank";
}

const scores = { name: 100, meaning: 90, part: 70, nearly: 60, values: 50 };

/** Of several fields that end alike: the record's first address before its others. */
const firstParts = ["mailing", "billing", "primary", "person"];

function findCandidates(column: string, values: readonly string[], fields: readonly FieldSchema[]): Candidate[] {
  const letters = lettersOf(column);
  const meaning = meaningOf(column);
  const found: Candidate[] = [];
  const parts: Candidate[] = [];
  for (const field of fields) {
    const name = field.name.replace(/__c$/i, "");
    const names = [name, name.replace(/^[A-Za-z0-9]+__/, ""), field.label];
    if (names.some((one) => lettersOf(one) === letters)) found.push({ column, field, score: scores.name });
    else if (names.some((one) => meaningOf(one) === meaning)) found.push({ column, field, score: scores.meaning });
    else if (meaning.length >= 4 && lettersOf(name).endsWith(meaning)) {
      const rank = firstParts.findIndex((first) => lettersOf(name).startsWith(first));
      parts.push({ column, field, score: scores.part + (rank === -1 ? 0 : firstParts.length - rank) });
    }
  }
  parts.sort((left, right) => right.score - left.score);
  const others = parts.slice(1, 4).map(({ field }) => field.name);
  const doubt = others.length === 0 ? undefined : `it may also be ${others.join(" or ")}`;
  found.push(...parts.slice(0, 1).map((part) => (doubt === undefined ? part : { ...part, doubt })));
  if (found.length > 0) return found;
  const near =
    letters.length < 5
      ? undefined
      : suggest(
          letters,
          fields.map(({ name }) => lettersOf(name)),
        );
  const nearest = fields.find(({ name }) => lettersOf(name) === near);
  if (nearest !== undefined) {
    return [{ column, field: nearest, score: scores.nearly, doubt: `${column} is only nearly the name` }];
  }
  return findByValues(column, values, fields);
}

/** The one field of addresses, where all values are some. */
function findByValues(column: string, values: readonly string[], fields: readonly FieldSchema[]): Candidate[] {
  if (!guessExpression(column, values).sql.startsWith("email(")) return [];
  const [field, ...others] = fields.filter(({ isAddress, name }) => isAddress === true || lettersOf(name) === "email");
  if (field === undefined || others.length > 0) return [];
  return [{ column, field, score: scores.values, doubt: "by its values only" }];
}

type Fitting = { sql: string; doubts: string[] } | { problem: string };

function expressionFor(column: string, values: readonly string[], field: FieldSchema): Fitting {
  const given = values.map((value) => value.trim()).filter((value) => value !== "");
  const { sql, doubt } = guessExpression(column, values);
  const trimmed = `trim(${nameInSql(column)})`;
  const example = given[0] === undefined ? "" : ` (${given[0]})`;
  if (given.length === 0) return { sql: trimmed, doubts: ["the sample has no value of it"] };
  switch (field.kind) {
    case "boolean":
      if (given.every((value) => /^(yes|no|y|n|true|false|t|f|1|0|on|off)$/i.test(value)))
        return { sql: `parse_bool(${nameInSql(column)})`, doubts: [] };
      return { problem: `its values${example} are no yes and no` };
    case "number":
    case "integer":
      if (sql.startsWith("parse_decimal(")) return { sql, doubts: [] };
      if (doubt === undefined && given.every((value) => /^[-+]?\d+(\.\d+)?$/.test(value)))
        return { sql: trimmed, doubts: [] };
      return { problem: doubt ?? `its values${example} are no numbers that can be read in one way` };
    case "date":
    case "datetime":
      if (sql.startsWith("parse_date(")) return { sql, doubts: [] };
      if (field.kind === "datetime" && given.every((value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)))
        return { sql: trimmed, doubts: [] };
      return { problem: doubt ?? `its values${example} are no dates that can be read in one way` };
    case "time":
      return given.every((value) => /^\d\d:\d\d(:\d\d)?$/.test(value))
        ? { sql: trimmed, doubts: [] }
        : { problem: `its values${example} are no times` };
    default:
      return textFor({ sql: sql.startsWith("email(") ? sql : trimmed, given, field });
  }
}

/** What a column of a table is, it stays: the same rules as in any job take it from there. */
function expressionOfType(column: string, type: string, { kind, picklist }: FieldSchema): Fitting {
  const sql = nameInSql(column);
  const isText = type === "VARCHAR";
  const fits = {
    number: /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|U\w+|DOUBLE|FLOAT|DECIMAL.*)$/,
    boolean: /^BOOLEAN$/,
    date: /^(DATE|TIMESTAMP.*)$/,
    time: /^TIME$/,
  };
  const wanted =
    kind === "integer" || kind === "number"
      ? fits.number
      : kind === "date" || kind === "datetime"
        ? fits.date
        : kind === "boolean" || kind === "time"
          ? fits[kind]
          : undefined;
  if (wanted === undefined) {
    const values = picklist?.restricted === true ? picklist.values.slice(0, 5).join(", ") : undefined;
    return { sql, doubts: values === undefined ? [] : [`only values of its picklist are taken (${values} …)`] };
  }
  if (isText) return { sql, doubts: [`${column} is text: what is no ${kind} is rejected`] };
  if (!wanted.test(type)) return { problem: `${column} is ${type}, and the field ${withArticle(kind)}` };
  const isLocal = kind === "datetime" && /^(DATE|TIMESTAMP)$/.test(type);
  return { sql, doubts: isLocal ? [`${column} carries no zone: it is read in the job's timezone`] : [] };
}

function textFor({ sql, given, field }: { sql: string; given: readonly string[]; field: FieldSchema }): Fitting {
  const { picklist, maxLength } = field;
  if (picklist?.restricted === true) {
    const known = new Set([...picklist.values, ...(picklist.labels?.keys() ?? [])].map((value) => value.toLowerCase()));
    const strange = [...new Set(given)].filter((value) => !known.has(value.toLowerCase()));
    if (strange.length > 0) {
      return {
        problem: `${strange.slice(0, 3).join(", ")} is not of its picklist (${picklist.values.slice(0, 5).join(", ")} …)`,
      };
    }
  }
  const longest = Math.max(...given.map((value) => [...value].length));
  const isLong = maxLength !== undefined && longest > maxLength;
  return { sql, doubts: isLong ? [`a value has ${longest} characters, the field takes ${maxLength}`] : [] };
}
