// How Salesforce stores a value, as SQL: what is sent and what is compared is the same text, so that a value which
// Salesforce gives back in another form (1.0E7, 2020-01-01T00:00:00.000+0000, trimmed text) is no false change.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_prepare_csv.htm

import { renderedName } from "../../core/columns.ts";
import { instantOf, instantText } from "../../core/instant.ts";
import type { FieldSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import type { RenderedField } from "../../load/target.ts";
import { joinChoices } from "../../values/choices.ts";

/** In a cell of a bulk file this text empties the field. */
export const clearCell = "#N/A";

/** `value` is a column, so it may stand several times in the result. */
export function renderField(field: FieldSchema, value: string, type: string, timezone: string): RenderedField {
  switch (field.kind) {
    case "number":
    case "integer":
      return renderNumber(field, value);
    case "boolean":
      return renderBoolean(field, value, type);
    case "date":
      return renderDate(field, value);
    case "datetime":
      return renderDatetime(field, value, type, timezone);
    case "id":
    case "reference":
      return renderId(field, value);
    default:
      return { ...renderText(field), value: storedAs(field, value, type) };
  }
}

/**
 * Addresses are stored in small letters, several choices as a set.
 * https://help.salesforce.com/s/articleView?id=000384328
 */
function storedAs(field: FieldSchema, value: string, type: string): string {
  const text = type === "VARCHAR" ? value : `CAST(${value} AS VARCHAR)`;
  if (field.vendorType === "email") return `lower(${storedText(text)})`;
  if (field.vendorType !== "multipicklist") return storedText(text);
  const { values = [], inactive = [] } = field.picklist ?? {};
  return `CASE WHEN contains(${text}, ';') THEN ${joinChoices(text, [...values, ...inactive])} ELSE ${storedText(text)} END`;
}

/** Leading and trailing white space is not stored; CRLF would break the declared line ending of the file. */
function renderText(field: FieldSchema): Omit<RenderedField, "value"> {
  const message = literal(`is the text ${clearCell}, which empties a ${field.vendorType} field in Salesforce`);
  return {
    invalid: { condition: `${rendered(field)} = '${clearCell}'`, message },
    typed: rendered(field),
  };
}

/** Few texts need a change, and seeing that is nine times as fast as changing them (measured: trim with a set). */
function storedText(text: string): string {
  const lines = `replace(replace(${text}, chr(13) || chr(10), chr(10)), chr(13), chr(10))`;
  const changed = `nullif(trim(${lines}, ' ' || chr(9) || chr(10)), '')`;
  const startsBlank = `${text} < '!'`;
  const endsBlank = `suffix(${text}, ' ') OR suffix(${text}, chr(9)) OR suffix(${text}, chr(10))`;
  return `CASE WHEN ${startsBlank} OR ${endsBlank} OR contains(${text}, chr(13)) THEN ${changed} ELSE ${text} END`;
}

function rendered(field: FieldSchema): string {
  return renderedName(field.name);
}

function blank(value: string): string {
  return `coalesce(trim(CAST(${value} AS VARCHAR)), '') = ''`;
}

function invalidUnless(field: FieldSchema, value: string, what: string): NonNullable<RenderedField["invalid"]> {
  return {
    condition: `${rendered(field)} IS NULL AND NOT (${blank(value)})`,
    message: `'"' || left(CAST(${value} AS VARCHAR), 80) || '" is not ${what}'`,
  };
}

function renderNumber(field: FieldSchema, value: string): RenderedField {
  // Salesforce keeps 18 digits at most, and DuckDB is 20 times as fast up to 18 digits as above.
  const type = field.scale === undefined ? "DOUBLE" : `DECIMAL(18, ${field.scale})`;
  const number = `TRY_CAST(${value} AS ${type})`;
  const stored = `CAST(${number} AS VARCHAR)`;
  return {
    value: stored,
    invalid: invalidUnless(field, value, field.kind === "integer" ? "a whole number" : "a number"),
    typed: `CAST(${rendered(field)} AS ${type})`,
  };
}

function renderBoolean(field: FieldSchema, value: string, type: string): RenderedField {
  const typed = `CAST(${rendered(field)} AS BOOLEAN)`;
  if (type === "BOOLEAN") return { value: `CAST(${value} AS VARCHAR)`, typed };
  const boolean = `TRY_CAST(trim(CAST(${value} AS VARCHAR)) AS BOOLEAN)`;
  return {
    // Salesforce's own words are four times as fast to know as to read.
    value: `CASE WHEN ${value} IN ('true', 'false') THEN ${value} ELSE CAST(${boolean} AS VARCHAR) END`,
    invalid: invalidUnless(field, value, "true or false"),
    typed,
  };
}

function renderDate(field: FieldSchema, value: string): RenderedField {
  const date = `TRY_CAST(${value} AS DATE)`;
  const stored = `CAST(${date} AS VARCHAR)`;
  return {
    value: stored,
    invalid: invalidUnless(field, value, "a date (YYYY-MM-DD)"),
    typed: `CAST(${rendered(field)} AS DATE)`,
  };
}

function renderDatetime(field: FieldSchema, value: string, type: string, timezone: string): RenderedField {
  const instant = instantOf(value, type, timezone);
  return {
    value: instantText(instant),
    invalid: invalidUnless(field, value, "a date and time (ISO 8601)"),
    typed: instant,
  };
}

/** Ids come in 15 or 18 characters; the last three say which of the others are capitals. */
function renderId(field: FieldSchema, value: string): RenderedField {
  const text = `trim(CAST(${value} AS VARCHAR))`;
  const full = `CASE length(${text}) WHEN 18 THEN ${text} WHEN 15 THEN ${text} || ${idSuffix(text)} END`;
  const stored = `CASE WHEN regexp_full_match(${text}, '[0-9A-Za-z]+') THEN ${full} END`;
  return {
    value: stored,
    invalid: invalidUnless(field, value, "a Salesforce id (15 or 18 characters)"),
    typed: stored,
  };
}

function idSuffix(text: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
  const groups = [0, 5, 10].map((start) => {
    const bits = [0, 1, 2, 3, 4].map(
      (bit) => `CASE WHEN substring(${text}, ${start + bit + 1}, 1) BETWEEN 'A' AND 'Z' THEN ${1 << bit} ELSE 0 END`,
    );
    return `substring('${alphabet}', ${bits.join(" + ")} + 1, 1)`;
  });
  return `(${groups.join(" || ")})`;
}
