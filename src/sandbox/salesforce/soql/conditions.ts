// Comparisons of a WHERE clause as SQL, with values bound, never written into the text.
// In: one comparison and the field it is about. Out: SQL and its parameters.
// Must hold: SOQL has two truth values where SQL has three: a null field is unlike any value, and NOT turns that round.

import { now } from "../../clock.ts";
import type { Field } from "../catalog/field.ts";
import { ApiError } from "../errors.ts";
import { canonicalId } from "../ids.ts";
import { ignoresCase, keyExpression, keyOf, type Stored } from "../store.ts";
import { daySpan } from "./date-literals.ts";
import { malformedQuery } from "./parse.ts";

export interface Sql {
  sql: string;
  parameters: Stored[];
}

export interface LiteralComparison {
  operator: string;
  value: string | string[];
  literalType?: string | string[] | undefined;
}

/** SQL for a comparison of a field with literals. `expression` is the SQL of the field's value. */
export function compareField(field: Field, expression: string, comparison: LiteralComparison): Sql {
  if (field.type === "address" || (field.type === "textarea" && field.length > 255))
    throw new ApiError(400, "INVALID_FIELD", `field '${field.name}' can not be filtered in a query call`);
  const operator = comparison.operator.toUpperCase();
  const values = [comparison.value].flat();
  const types = [comparison.literalType ?? "STRING"].flat();
  const literals = values.map((value, index) => ({ value, type: types[index] ?? types[0] ?? "STRING" }));
  const column = keyExpression(field, expression);
  if (operator === "IN" || operator === "NOT IN") return compareList(field, column, operator, literals);
  if (operator === "INCLUDES" || operator === "EXCLUDES") return compareMembers(column, operator, values);
  const [literal] = literals;
  if (literal === undefined) throw malformedQuery("unexpected token: '<EOF>'");
  if (literal.type === "NULL") return compareNull(field, expression, operator);
  if (literal.type.startsWith("DATE_")) return compareSpan(field, expression, operator, literal.value);
  if (operator === "LIKE") return compareLike(field, column, literal);
  const value = keyOf(field, readLiteral(field, literal));
  if (value === null) return compareNull(field, expression, operator);
  if (operator === "!=") return { sql: `${column} IS NOT ?`, parameters: [value] };
  return { sql: `${column} ${operator} ?`, parameters: [value] };
}

interface Literal {
  value: string;
  type: string;
}

function compareList(field: Field, column: string, operator: string, literals: readonly Literal[]): Sql {
  const given = literals
    .filter((literal) => literal.type !== "NULL")
    .map((literal) => keyOf(field, readLiteral(field, literal)));
  const withNull = given.length < literals.length || given.includes(null);
  // One parameter for any number of values: thousands of keys stay one short, cached statement.
  const list = `${column} IN (SELECT value FROM json_each(?))`;
  const parameters = [JSON.stringify(given.filter((value) => value !== null))];
  if (operator === "IN") return { sql: withNull ? `(${list} OR ${column} IS NULL)` : list, parameters };
  return {
    sql: withNull ? `(NOT ${list} AND ${column} IS NOT NULL)` : `(${column} IS NULL OR NOT ${list})`,
    parameters,
  };
}

function compareMembers(column: string, operator: string, values: readonly string[]): Sql {
  const groups = values.map((value) => unquote(value).toLowerCase().split(";"));
  const sql = groups
    .map((members) => `(${members.map(() => `instr(';' || ${column} || ';', ?) > 0`).join(" AND ")})`)
    .join(" OR ");
  const parameters = groups.flat().map((member) => `;${member};`);
  return { sql: operator === "INCLUDES" ? `(${sql})` : `NOT coalesce((${sql}), 0)`, parameters };
}

function compareNull(field: Field, expression: string, operator: string): Sql {
  if (operator === "=") return { sql: `${expression} IS NULL`, parameters: [] };
  if (operator === "!=") return { sql: `${expression} IS NOT NULL`, parameters: [] };
  throw new ApiError(400, "INVALID_FIELD", `invalid operator on ${field.name}: ${operator} null`);
}

function compareSpan(field: Field, expression: string, operator: string, literal: string): Sql {
  if (field.type !== "date" && field.type !== "datetime") throw wrongLiteral(field);
  const { from, to } = daySpan(literal, now());
  const text = (moment: Date): string =>
    field.type === "date" ? moment.toISOString().slice(0, 10) : moment.toISOString();
  switch (operator) {
    case "=":
      return { sql: `(${expression} >= ? AND ${expression} < ?)`, parameters: [text(from), text(to)] };
    case "!=":
      return {
        sql: `(${expression} IS NULL OR ${expression} < ? OR ${expression} >= ?)`,
        parameters: [text(from), text(to)],
      };
    case "<":
    case ">=":
      return { sql: `${expression} ${operator} ?`, parameters: [text(from)] };
    case "<=":
      return { sql: `${expression} < ?`, parameters: [text(to)] };
    default:
      return { sql: `${expression} >= ?`, parameters: [text(to)] };
  }
}

function compareLike(field: Field, column: string, literal: Literal): Sql {
  if (literal.type !== "STRING" || !(ignoresCase(field) || field.caseSensitive)) throw wrongLiteral(field);
  const pattern = literal.value
    .slice(1, -1)
    .replace(/\\(?:u[0-9a-fA-F]{4}|[^%_\\])/g, (sequence) => unescapeOne(sequence));
  return { sql: `${column} LIKE ? ESCAPE '\\'`, parameters: [keyOf(field, pattern)] };
}

function readLiteral(field: Field, literal: Literal): Stored {
  switch (field.type) {
    case "boolean":
      if (literal.type !== "BOOLEAN") throw wrongLiteral(field);
      return literal.value.toUpperCase() === "TRUE" ? 1 : 0;
    case "int":
    case "double":
    case "currency":
    case "percent":
      if (!/^(?:INTEGER|DECIMAL)/.test(literal.type)) throw wrongLiteral(field);
      return Number(literal.value.replace(/^[A-Z]{3}/i, ""));
    case "date":
      if (literal.type !== "DATE") throw wrongLiteral(field);
      return literal.value;
    case "datetime":
      return readDatetime(field, literal);
    case "id":
    case "reference":
      return readId(field, literal);
    default: {
      if (literal.type !== "STRING") throw wrongLiteral(field);
      const text = unquote(literal.value);
      return text === "" ? null : text;
    }
  }
}

function readDatetime(field: Field, literal: Literal): string {
  const moment = new Date(literal.value.replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  if (literal.type !== "DATETIME" || Number.isNaN(moment.getTime())) throw wrongLiteral(field);
  return moment.toISOString();
}

function readId(field: Field, literal: Literal): Stored {
  if (literal.type !== "STRING") throw wrongLiteral(field);
  const text = unquote(literal.value);
  if (text === "") return null;
  const id = canonicalId(text);
  if (id === undefined) throw new ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", `invalid ID field: ${text}`);
  return id;
}

function wrongLiteral(field: Field): ApiError {
  const type =
    field.type === "datetime" ? "dateTime" : field.type === "reference" || field.type === "id" ? "id" : field.type;
  const quotes = ignoresCase(field) || type === "id" || field.caseSensitive ? "should be" : "should not be";
  return new ApiError(
    400,
    "INVALID_FIELD",
    `value of filter criterion for field '${field.name}' must be of type ${type} and ${quotes} enclosed in quotes`,
  );
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(?:u[0-9a-fA-F]{4}|.)/g, (sequence) => unescapeOne(sequence));
}

function unescapeOne(sequence: string): string {
  const letter = sequence.charAt(1);
  if (letter === "u" && sequence.length === 6) return String.fromCharCode(Number.parseInt(sequence.slice(2), 16));
  return { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" }[letter.toLowerCase()] ?? letter;
}
