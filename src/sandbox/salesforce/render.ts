// Stored values as Salesforce shows them: in JSON answers, and in the CSV of Bulk API 2.0.

import { type Field, isDouble, isMasked } from "./catalog/field.ts";
import type { Stored } from "./store.ts";

/** A value in a JSON answer: booleans as such, datetimes with +0000, masked ones as stars. */
export function jsonValue(field: Field, value: Stored): Stored | boolean {
  return isMasked(field) && value !== null ? maskOf(value) : plainValue(field, value);
}

/** The same for the dump, which shows what is there. */
export function plainValue(field: Field, value: Stored): Stored | boolean {
  if (value === null) return null;
  if (field.type === "boolean") return value !== 0;
  if (field.type === "datetime") return String(value).replace(/Z$/, "+0000");
  return value;
}

/** A value in a bulk result, unquoted: numbers the way Java prints a double, nothing for null. */
export function csvText(field: Field, value: Stored): string {
  if (value === null) return "";
  if (field.type === "boolean") return value === 0 ? "false" : "true";
  if (isMasked(field)) return maskOf(value);
  return typeof value === "number" && isDouble(field) ? javaDouble(value) : String(value);
}

function maskOf(value: Stored): string {
  return "*".repeat(String(value).length);
}

/** What Java's Double.toString gives: 5.0, 1234567.5, and from ten million on 9.12260031E8. */
export function javaDouble(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0) return "0.0";
  if (magnitude >= 1e-3 && magnitude < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits = "0", exponent = "0"] = value.toExponential().split("e");
  return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
}

/** A value quoted for CSV. */
export function quoted(text: string): string {
  return text.includes('"') ? `"${text.replaceAll('"', '""')}"` : `"${text}"`;
}
