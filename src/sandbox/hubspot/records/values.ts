// Values as HubSpot takes and keeps them: text of a property's type, checked one by one.
// In: a property and what a client gave for it. Out: the text that is stored (undefined clears), or what is wrong.
// Must hold: what is stored can be given again and stays the same.
// https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide

import { isMultiple, type Property } from "../catalog/property.ts";
import { type ErrorDetail, validationError } from "../errors.ts";
import { portalId } from "../portal-id.ts";

/** Why a value was refused. */
export interface ValueError {
  name: string;
  code: string;
  message: string;
  value: string;
}

type Read = { value: string | undefined } | { code: string; message: string };

const textMax = 65_536;
const dayMs = 86_400_000;

/** The text that a property keeps for a value, or why it cannot. `before` is what it holds now. */
export function readValue(property: Property, given: unknown, before: string | undefined): Read {
  if (given === null || given === "") return { value: undefined };
  if (typeof given === "object") return refused("INVALID_STRING", `${JSON.stringify(given)} was not a valid string.`);
  const text = String(given);
  if (property.name === "email") return readEmail(text);
  switch (property.type) {
    case "number":
      return readNumber(text.trim());
    case "bool":
      return readOption(["true", "false"], text.trim().toLowerCase());
    case "enumeration":
      return isMultiple(property) ? readOptions(property, text.trim(), before) : readChoice(property, text.trim());
    case "date":
      return readDate(text.trim());
    case "datetime":
      return readTime(text.trim());
    default:
      return text.length <= textMax
        ? { value: text }
        : refused("INVALID_STRING", `The value has ${text.length} characters, ${textMax} are allowed.`);
  }
}

/**
 * Whether a lifecycle stage would go back: HubSpot then answers as if it had been written, and keeps the later one. It
 * can be cleared, and set by another call. https://integrate.hubspot.com/t/update-lifecycle-stage-using-api/1333
 */
export function isStepBack({ name, options }: Property, before: string | undefined, after: string): boolean {
  if (name !== "lifecyclestage" || before === undefined) return false;
  const placeOf = (stage: string) => options.find(({ value }) => value === stage)?.displayOrder ?? -1;
  return placeOf(after) < placeOf(before);
}

/** All refusals of one record in HubSpot's form: a JSON list inside the message, and the same in `errors`. */
export function valuesError(errors: readonly ValueError[]): Error {
  const items = errors.map(({ name, code, message, value }) => ({
    isValid: false,
    message,
    error: code,
    name,
    localizedErrorMessage: message,
    propertyValue: value,
    portalId,
  }));
  return validationError(`Property values were not valid: ${JSON.stringify(items)}`, {
    errors: errors.map(
      ({ name, code, message }): ErrorDetail => ({ message, code, context: { propertyName: [name] } }),
    ),
  });
}

/** Epoch milliseconds of a time as HubSpot takes it: ISO text or milliseconds. */
export function parseTime(text: string): number | undefined {
  if (/^-?\d+$/.test(text)) return Number(text);
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) return undefined;
  const zoned = text.includes("T") && !/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? `${text}Z` : text;
  const time = Date.parse(zoned);
  // Date.parse takes 30 February for 1 March.
  if (Number.isNaN(time) || !isRealDay(text.slice(0, 10))) return undefined;
  return time;
}

/** A number without needless zeros, as it comes back; undefined where the text is none. */
export function canonicalNumber(text: string): string | undefined {
  const parts = /^(?<sign>[+-]?)(?<whole>\d*)(?:\.(?<fraction>\d*))?$/.exec(text)?.groups;
  if (parts === undefined) return undefined;
  const [whole = "", fraction = ""] = [parts["whole"], parts["fraction"]];
  if (whole === "" && fraction === "") return undefined;
  const head = whole.replace(/^0+(?=\d)/, "") || "0";
  const tail = fraction.replace(/0+$/, "");
  const size = tail === "" ? head : `${head}.${tail}`;
  return parts["sign"] === "-" && size !== "0" ? `-${size}` : size;
}

function refused(code: string, message: string): Read {
  return { code, message };
}

function readEmail(text: string): Read {
  const email = text.trim().toLowerCase();
  if (/^[^\s@<>,;:"()[\]\\]+@[^\s@.<>,;:"()[\]\\]+(\.[^\s@.<>,;:"()[\]\\]+)+$/.test(email)) return { value: email };
  return refused("INVALID_EMAIL", `Email address ${text} is invalid`);
}

function readNumber(text: string): Read {
  const value = canonicalNumber(text);
  return value === undefined ? refused("INVALID_INTEGER", `${text} was not a valid number.`) : { value };
}

function readOption(allowed: readonly string[], text: string): Read {
  if (allowed.includes(text)) return { value: text };
  return refused("INVALID_OPTION", `${text} was not one of the allowed options: [${allowed.join(", ")}]`);
}

function readChoice(property: Property, text: string): Read {
  // Options that another system of HubSpot keeps (owners, teams) are not checked here.
  if (property.externalOptions) return { value: text };
  return readOption(
    property.options.map((option) => option.value),
    text,
  );
}

/** `a;b` replaces, `;a` adds to what is there. */
function readOptions(property: Property, text: string, before: string | undefined): Read {
  const names = text.split(";").filter((name) => name !== "");
  for (const name of names) {
    const read = readChoice(property, name);
    if ("code" in read) return read;
  }
  const kept = text.startsWith(";") ? (before ?? "").split(";").filter((name) => name !== "") : [];
  return { value: [...new Set([...kept, ...names])].join(";") || undefined };
}

function readDate(text: string): Read {
  const time = parseTime(text);
  if (time === undefined || !isTime(time)) return refused("INVALID_DATE", `${text} was not a valid date.`);
  const rest = ((time % dayMs) + dayMs) % dayMs;
  if (rest === 0) return { value: new Date(time).toISOString().slice(0, 10) };
  const at = new Date(time);
  const clock = `${at.getUTCHours()}:${at.getUTCMinutes()}:${at.getUTCSeconds()}.${at.getUTCMilliseconds()}`;
  return refused("INVALID_DATE", `${text} is at ${clock} UTC, not midnight!`);
}

function readTime(text: string): Read {
  const time = parseTime(text);
  if (time === undefined || !isTime(time)) return refused("INVALID_LONG", `${text} was not a valid long.`);
  return { value: new Date(time).toISOString() };
}

function isTime(time: number): boolean {
  return Math.abs(time) <= 8.64e15;
}

function isRealDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}
