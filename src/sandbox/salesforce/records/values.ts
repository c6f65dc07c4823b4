// From the text of a CSV cell or a JSON value to what is stored, as Salesforce does it: trimmed, checked, normalised.
// In: a field. Out: a function for its values that throws a RowError in the vendor's words.
// Must hold: what is stored reads back equal by the same rules (a date is a real day, a datetime is UTC seconds).
// Formats: https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_date_format.htm

import { type Field, wholeDigits } from "../catalog/field.ts";
import { RowError } from "../errors.ts";
import { canonicalId } from "../ids.ts";
import type { Stored } from "../store.ts";

export type ReadValue = (text: string) => Stored;

/** The reader for a field's values. Blank text is null; it never gets the #N/A of Bulk API, which is null before. */
export function valueReader(field: Field): ReadValue {
  switch (field.type) {
    case "boolean":
      return (text) => readBoolean(field, text);
    case "int":
      return unlessBlank((text) => readInteger(field, text));
    case "double":
    case "currency":
    case "percent":
      return unlessBlank((text) => readDouble(field, text));
    case "date":
      return unlessBlank((text) => readDate(field, text));
    case "datetime":
      return unlessBlank((text) => readDatetime(field, text));
    case "time":
      return unlessBlank((text) => readTime(field, text));
    case "id":
    case "reference":
      return unlessBlank((text) => readId(field, text));
    case "picklist":
      return unlessBlank((text) => readPicklist(field, text));
    case "multipicklist":
      return unlessBlank((text) => readChoices(field, text));
    case "email":
      return unlessBlank((text) => readEmail(field, text));
    default:
      return unlessBlank((text) => limitLength(field, text));
  }
}

// No-break blanks are kept: https://www.salesforcedan.com/sobject-empty-strings-and-trailing-whitespace/
const blankEnds = /^[ \t\r\n]+|[ \t\r\n]+$/g;

function unlessBlank(read: ReadValue): ReadValue {
  return (text) => {
    const trimmed = text.replace(blankEnds, "");
    return trimmed === "" ? null : read(trimmed);
  };
}

function limitLength(field: Field, text: string): string {
  // Salesforce counts characters, JavaScript counts UTF-16 units: only a text that looks too long needs counting.
  if (field.length === 0 || text.length <= field.length || [...text].length <= field.length) return text;
  throw new RowError("STRING_TOO_LONG", `${field.label}: data value too large: ${text} (max length=${field.length})`, [
    field.name,
  ]);
}

// "Email fields automatically lowercase values": https://salesforce.stackexchange.com/questions/246995
function readEmail(field: Field, text: string): string {
  limitLength(field, text);
  if (/^[^\s@"(),:;<>[\]\\]+@[^\s@"(),:;<>[\]\\.]+(?:\.[^\s@"(),:;<>[\]\\.]+)+$/.test(text)) return text.toLowerCase();
  throw new RowError("INVALID_EMAIL_ADDRESS", `${field.label}: invalid email address: ${text}`, [field.name]);
}

// Picklists don't tell case: what differs only in case becomes the value that is there.
// https://help.salesforce.com/apex/HTViewSolution?id=000187910&language=en_US
function readPicklist(field: Field, text: string): string {
  limitLength(field, text);
  const known = knownChoice(field, text);
  if (field.restricted && known === undefined) throw badChoice(field, text);
  return known ?? text;
}

function knownChoice({ values }: Field, text: string): string | undefined {
  return values.includes(text) ? text : values.find((value) => value.toLowerCase() === text.toLowerCase());
}

// Several values are a set: they come back in the order of the picklist, whatever order they were sent in, and one that
// an unrestricted picklist did not have comes after them.
// https://help.salesforce.com/apex/HTViewSolution?id=000231088&language=en_US
function readChoices(field: Field, text: string): string {
  limitLength(field, text);
  const chosen = [...new Set(text.split(";").map((value) => knownChoice(field, value) ?? value))];
  const strangers = chosen.filter((value) => !field.values.includes(value));
  const [stranger] = strangers;
  if (field.restricted && stranger !== undefined) throw badChoice(field, stranger);
  return [...field.values.filter((value) => chosen.includes(value)), ...strangers].join(";");
}

function badChoice(field: Field, value: string): RowError {
  const message = `${field.label}: bad value for restricted picklist field: ${value}`;
  return new RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name]);
}

function readBoolean(field: Field, text: string): number {
  const value = text.trim().toLowerCase();
  if (value === "true" || value === "1") return 1;
  if (value === "false" || value === "0") return 0;
  throw wrongType(field, text);
}

function readInteger(field: Field, text: string): number {
  const value = Number(text);
  if (!/^[+-]?\d+(?:\.0*)?$/.test(text)) throw wrongType(field, text);
  if (Math.abs(value) >= 10 ** wholeDigits(field) || Math.abs(value) > 2_147_483_647) throw outOfRange(field, text);
  return value;
}

// What the API sends is kept and given back without rounding; a field's decimal places are for the screen. Too many
// digits before the point are refused. https://help.salesforce.com/s/articleView?id=000387302
function readDouble(field: Field, text: string): number {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) throw wrongType(field, text);
  const value = Number(text);
  if (Math.abs(value) >= 10 ** (field.precision - field.scale)) throw outOfRange(field, text);
  return value;
}

function readDate(field: Field, text: string): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})Z?$/.exec(text);
  if (parts === null || !isDay(Number(parts[1]), Number(parts[2]), Number(parts[3]))) throw wrongType(field, text);
  return text.slice(0, 10);
}

function readDatetime(field: Field, text: string): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})$/.exec(text);
  if (parts === null || !isDay(Number(parts[1]), Number(parts[2]), Number(parts[3]))) throw wrongType(field, text);
  const zone = (parts[5] ?? "Z").replace(/^([+-]\d{2})(\d{2})$/, "$1:$2");
  const instant = new Date(`${text.slice(0, 10)}T${parts[4]}${zone}`);
  if (Number.isNaN(instant.getTime())) throw wrongType(field, text);
  // Salesforce keeps whole seconds.
  return `${instant.toISOString().slice(0, 19)}.000Z`;
}

// A time of day to the millisecond, HH:mm:ss.SSSZ, of no zone.
// https://developer.salesforce.com/docs/platform/lightning-component-reference/guide/lightning-formatted-time.html
function readTime(field: Field, text: string): string {
  const parts = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,3}))?Z?$/.exec(text);
  if (parts === null) throw wrongType(field, text);
  return `${text.slice(0, 8)}.${(parts[4] ?? "").padEnd(3, "0")}Z`;
}

function isDay(year: number, month: number, day: number): boolean {
  if (year < 1700 || year > 4000 || month < 1 || month > 12 || day < 1) return false;
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function readId(field: Field, text: string): string {
  const id = canonicalId(text);
  if (id !== undefined) return id;
  if (field.type === "id") throw new RowError("MALFORMED_ID", `malformed id ${text}`);
  throw new RowError("MALFORMED_ID", `${field.label}: id value of incorrect type: ${text}`, [field.name]);
}

function wrongType(field: Field, text: string): RowError {
  return new RowError("INVALID_TYPE_ON_FIELD_IN_RECORD", `${field.label}: value not of required type: ${text}`, [
    field.name,
  ]);
}

function outOfRange(field: Field, text: string): RowError {
  return new RowError(
    "NUMBER_OUTSIDE_VALID_RANGE",
    `${field.label}: value outside of valid range on numeric field: ${text}`,
    [field.name],
  );
}
