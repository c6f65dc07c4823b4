// How HubSpot stores a value, as SQL: what is sent and what is compared is the same text.
// https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide

import { renderedName } from "../../core/columns.ts";
import type { FieldSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import type { RenderedField } from "../../load/target.ts";

/** Stands in a batch file where a property is emptied: HubSpot is sent an empty text. */
export const clearCell = "␀";

/** `value` is a column, so it may stand several times in the result. */
export function renderField(field: FieldSchema, value: string, type: string, timezone: string): RenderedField {
  if (field.picklist !== undefined) return renderOptions(field, field.picklist, value);
  switch (field.kind) {
    case "number":
      return renderNumber(field, value);
    case "boolean":
      return renderBoolean(field, value);
    case "date":
      return renderDate(field, value, type);
    case "datetime":
      return renderDatetime(field, value, type, timezone);
    default:
      return renderText(field, value);
  }
}

function rendered(field: FieldSchema): string {
  return renderedName(field.name);
}

function text(value: string): string {
  return `CAST(${value} AS VARCHAR)`;
}

function invalidUnless(field: FieldSchema, value: string, what: string): NonNullable<RenderedField["invalid"]> {
  return {
    condition: `${rendered(field)} IS NULL AND coalesce(trim(${text(value)}), '') <> ''`,
    message: `'"' || left(${text(value)}, 80) || '" is not ' || ${literal(what)}`,
  };
}

/** An empty text and no value are one. HubSpot stores addresses in lower case. */
function renderText(field: FieldSchema, value: string): RenderedField {
  const isEmail = field.name === "email" || field.name.endsWith(".email");
  const stored = isEmail ? `lower(trim(${text(value)}))` : text(value);
  const message = literal(`is the text ${clearCell}, which stands for an emptied property`);
  return {
    value: `nullif(${stored}, '')`,
    invalid: { condition: `${rendered(field)} = ${literal(clearCell)}`, message },
    typed: rendered(field),
  };
}

/** As HubSpot gives it back: no exponent, no zeros at the end. */
function renderNumber(field: FieldSchema, value: string): RenderedField {
  const number = `TRY_CAST(${value} AS DECIMAL(38, 12))`;
  return {
    value: `regexp_replace(CAST(${number} AS VARCHAR), '\\.?0+$', '')`,
    invalid: invalidUnless(field, value, "a number"),
    typed: `CAST(${rendered(field)} AS DOUBLE)`,
  };
}

function renderBoolean(field: FieldSchema, value: string): RenderedField {
  return {
    value: `CAST(TRY_CAST(trim(${text(value)}) AS BOOLEAN) AS VARCHAR)`,
    invalid: invalidUnless(field, value, "true or false"),
    typed: `CAST(${rendered(field)} AS BOOLEAN)`,
  };
}

/** HubSpot answers with a date, or with the milliseconds of its midnight in UTC. */
function renderDate(field: FieldSchema, value: string, type: string): RenderedField {
  const date =
    type === "VARCHAR"
      ? `coalesce(${ofMilliseconds(value)}::DATE, TRY_CAST(${value} AS DATE))`
      : `TRY_CAST(${value} AS DATE)`;
  return {
    value: `CAST(${date} AS VARCHAR)`,
    invalid: invalidUnless(field, value, "a date (YYYY-MM-DD)"),
    typed: `CAST(${rendered(field)} AS DATE)`,
  };
}

function renderDatetime(field: FieldSchema, value: string, type: string, timezone: string): RenderedField {
  const local = (sql: string) => `timezone(${literal(timezone)}, ${sql})`;
  const instant =
    type === "TIMESTAMP WITH TIME ZONE"
      ? value
      : type.startsWith("TIMESTAMP") || type === "DATE"
        ? local(`CAST(${value} AS TIMESTAMP)`)
        : `CASE WHEN regexp_matches(trim(${value}), '(Z|[+-][0-9]{2}(:?[0-9]{2})?)$') AND length(trim(${value})) > 10
             THEN TRY_CAST(trim(${value}) AS TIMESTAMPTZ)
             ELSE coalesce(timezone('UTC', ${ofMilliseconds(value)}), ${local(`TRY_CAST(trim(${value}) AS TIMESTAMP)`)}) END`;
  return {
    value: `strftime(timezone('UTC', ${instant}), '%Y-%m-%dT%H:%M:%S.%gZ')`,
    invalid: invalidUnless(field, value, "a date and time (ISO 8601)"),
    typed: instant,
  };
}

/** TIMESTAMP of text that is milliseconds since 1970; 10 digits are seconds, which HubSpot refuses. */
function ofMilliseconds(value: string): string {
  return `CASE WHEN regexp_full_match(trim(${value}), '-?[0-9]{12,14}') THEN epoch_ms(CAST(trim(${value}) AS BIGINT)) END`;
}

/** Options by value or label, whatever their case; of several, in one order, since HubSpot keeps none. */
function renderOptions(
  field: FieldSchema,
  { values, labels }: NonNullable<FieldSchema["picklist"]>,
  value: string,
): RenderedField {
  // A value counts before a label of the same text.
  const names = new Map([...(labels ?? [])].map(([label, of]) => [label.trim().toLowerCase(), of]));
  for (const known of values) names.set(known.toLowerCase(), known);
  const options = `MAP {${[...names].map(([name, of]) => `${literal(name)}: ${literal(of)}`).join(", ")}}`;
  const find = (sql: string) => `${options}[lower(trim(${sql}))]`;
  const invalid = invalidUnless(field, value, describeOptions(field, [...(labels?.keys() ?? values)]));
  if (field.vendorType !== "multipicklist") return { value: find(text(value)), invalid, typed: rendered(field) };
  const parts = `list_filter(string_split(${text(value)}, ';'), lambda part: trim(part) <> '')`;
  const found = `list_transform(${parts}, lambda part: ${find("part")})`;
  const stored = `CASE WHEN len(list_filter(${found}, lambda part: part IS NULL)) = 0
    THEN nullif(array_to_string(list_sort(list_distinct(${found})), ';'), '') END`;
  return { value: stored, invalid, typed: rendered(field) };
}

const optionsShownMax = 12;

function describeOptions({ name, vendorType }: FieldSchema, options: readonly string[]): string {
  if (vendorType === "owner") return "the address or id of an owner";
  const shown = options.slice(0, optionsShownMax).join(", ");
  const rest = options.length > optionsShownMax ? `, … ${options.length} in all` : "";
  return `${vendorType === "multipicklist" ? "among the options" : "an option"} of ${name} (${shown}${rest})`;
}
