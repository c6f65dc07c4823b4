// What is known of a field before anything is sent: which values it can't take, as SQL over the text that would be
// written. In: the field as the target describes it. Out: conditions, each with what to say. What must hold: only what
// the target certainly refuses is an objection; where the vendor's rule is not known, the target decides.

import { type FieldSchema, isRequired } from "../core/model.ts";
import { literal } from "../core/sql.ts";
import { splitChoices } from "./choices.ts";
import { quoted } from "./value.ts";

export interface Objection {
  /** BOOLEAN, NULL where there is no value. */
  condition: string;
  /** By which name the reason is counted. */
  rule: string;
  /** VARCHAR. */
  message: string;
}

/** Why the target would refuse a value. `value` is a column, NULL for no value; `isHidden`: messages don't quote it. */
export function objectToValue(field: FieldSchema, value: string, isHidden: boolean): Objection[] {
  const shown = isHidden ? "'(hidden)'" : quoted(value);
  return [
    ...tooLong(field, value),
    ...outOfRange(field, value, shown),
    ...noAddress(field, value, shown),
    ...strange(field, value, shown),
  ];
}

/** Why the target would refuse to take the value of a record away. `isNew`: BOOLEAN. */
export function objectToBlank(field: FieldSchema, value: string, isNew: string): Objection[] {
  if (field.clearable !== false) return [];
  return [{ condition: `NOT ${isNew} AND ${value} IS NULL`, rule: "clear", message: literal("can't be emptied") }];
}

/** Why the target would refuse a new record. */
export function objectToNothing(field: FieldSchema, value: string): Objection[] {
  if (!isRequired(field)) return [];
  return [
    {
      condition: `${value} IS NULL`,
      rule: "required",
      message: literal("has no value, and a new record must have one"),
    },
  ];
}

/** What the target takes, and a person should know of. `before`: the column of what is there. */
export function remarkOnValue(field: FieldSchema, value: string, before: string): Objection[] {
  const { picklist, forwardOnly, wholeSeconds } = field;
  if (wholeSeconds === true) {
    const message = literal("has a fraction of a second, which the target does not keep");
    return [{ condition: `substr(${value}, 20) <> '.000Z'`, rule: "seconds", message }];
  }
  if (picklist === undefined) return [];
  const remarks: Objection[] = [];
  if (forwardOnly === true) {
    const stages = `[${picklist.values.map(literal).join(", ")}]::VARCHAR[]`;
    remarks.push({
      condition: `list_position(${stages}, ${before}) > list_position(${stages}, ${value})`,
      rule: "picklist",
      message: literal("moves back, which the target does only from an empty one: it is emptied first"),
    });
  }
  if (!picklist.restricted) {
    remarks.push({
      condition: notAmong(field, value, [...picklist.values, ...(picklist.inactive ?? [])]),
      rule: "picklist",
      message: literal("is not in the picklist, which takes it as a new, inactive value"),
    });
  }
  return remarks;
}

/**
 * Longer than the field by Unicode's characters. Salesforce's formulas count a character beyond U+FFFF as two; whether
 * its fields do is not documented, so what is too long only then is left to the target.
 * https://help.salesforce.com/s/articleView?id=005166849
 */
function tooLong({ maxLength, kind }: FieldSchema, value: string): Objection[] {
  if (maxLength === undefined || kind !== "text") return [];
  // Bytes are counted without reading the text, and are never fewer than characters.
  const condition = `strlen(${value}) > ${maxLength} AND length(${value}) > ${maxLength}`;
  return [
    {
      condition,
      rule: "max_length",
      message: `'has ' || length(${value}) || ' characters, the field takes ${maxLength}'`,
    },
  ];
}

function outOfRange({ wholeDigits, range }: FieldSchema, value: string, shown: string): Objection[] {
  const objections: Objection[] = [];
  if (wholeDigits !== undefined) {
    // The stored text of a number is its digits, without an exponent.
    const whole = `ltrim(split_part(${value}, '.', 1), '+-0')`;
    objections.push({
      condition: `length(${value}) > ${wholeDigits} AND length(${whole}) > ${wholeDigits}`,
      rule: "range",
      message: `${shown} || ' has more digits before the decimal point than the field takes (${wholeDigits})'`,
    });
  }
  if (range !== undefined) {
    const number = `TRY_CAST(${value} AS DECIMAL(38, 0))`;
    objections.push({
      condition: `length(${value}) >= ${Math.min(range.min.length, range.max.length)} AND NOT coalesce(${number} BETWEEN ${range.min} AND ${range.max}, false)`,
      rule: "range",
      message: `${shown} || ' is beyond what the field takes (${range.min} to ${range.max})'`,
    });
  }
  return objections;
}

/**
 * What no system takes for an address: no @ or two, a blank or an invisible character, a dot at its start, a domain
 * without a dot or with an empty part. Comments and quotes have rules of their own and are left to the target.
 * https://help.salesforce.com/s/articleView?id=000384328 (two dots in a row and letters of all scripts are allowed)
 */
function noAddress({ isAddress }: FieldSchema, value: string, shown: string): Objection[] {
  if (isAddress !== true) return [];
  const unseen = "\\x00-\\x20\\p{Cc}\\p{Cf}\\p{Zs}\\p{Zl}\\p{Zp}";
  const well = `^[^@.${unseen}][^@${unseen}]*@[^@.${unseen}]+(\\.[^@.${unseen}]+)+$`;
  const plain = "^[A-Za-z0-9_+-][A-Za-z0-9._+-]*@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$";
  const isWell = `regexp_matches(${value}, ${literal(plain)}) OR regexp_matches(${value}, '[("]') OR regexp_matches(${value}, ${literal(well)})`;
  return [{ condition: `NOT (${isWell})`, rule: "email", message: `${shown} || ' is not an email address'` }];
}

function strange(field: FieldSchema, value: string, shown: string): Objection[] {
  const { picklist } = field;
  // Where values are also known by labels, what is neither has no stored text.
  if (picklist?.restricted !== true || picklist.values.length === 0 || picklist.labels !== undefined) return [];
  const { values, inactive = [] } = picklist;
  const objections: Objection[] = [];
  if (inactive.length > 0 && field.vendorType !== "multipicklist") {
    objections.push({
      condition: `${value} IN (${inactive.map(literal).join(", ")})`,
      rule: "picklist",
      message: `${shown} || ' is an inactive value of its restricted picklist'`,
    });
  }
  objections.push({
    condition: notAmong(field, value, values),
    rule: "picklist",
    message: `${shown} || ${literal(` is not in its restricted picklist (${showValues(values)})`)}`,
  });
  return objections;
}

/** BOOLEAN: a choice, in the case that the picklist has it in, is none of the values. */
function notAmong(field: FieldSchema, value: string, values: readonly string[]): string {
  const known = values.map(literal).join(", ");
  if (known === "") return `${value} IS NOT NULL`;
  if (field.vendorType !== "multipicklist") return `${value} NOT IN (${known})`;
  return `NOT list_has_all([${known}], ${splitChoices(value)})`;
}

const valuesShownMax = 12;

function showValues(values: readonly string[]): string {
  const shown = values.slice(0, valuesShownMax).join(", ");
  return values.length > valuesShownMax ? `${shown}, … ${values.length} in all` : shown;
}
