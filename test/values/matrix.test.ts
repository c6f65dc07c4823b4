// Every vendor type of both systems: what is stored of a value is read back as the same value, whoever writes it next.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderField as renderHubSpot } from "../../src/connectors/hubspot/render.ts";
import { fieldOf } from "../../src/connectors/kit/field.ts";
import { renderField as renderSalesforce } from "../../src/connectors/salesforce/render.ts";
import type { FieldKind, FieldSchema } from "../../src/core/model.ts";
import { literal } from "../../src/core/sql.ts";
import { type Reading, storedReading } from "../../src/values/value.ts";
import { Rig } from "../stage/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("Europe/Berlin");
});
afterAll(() => rig[Symbol.dispose]());

const berlin: Reading = { timezone: "Europe/Berlin", onAmbiguousTime: "reject" };

function field(kind: FieldKind, vendorType: string, more: Partial<FieldSchema> = {}): FieldSchema {
  return fieldOf({ name: "F", kind, vendorType, caseSensitive: true, ...more });
}

const types: readonly (readonly [system: "salesforce" | "hubspot", schema: FieldSchema, values: string[]])[] = [
  ["salesforce", field("integer", "int", { scale: 0 }), ["0", "-12", "12.0", "1e3"]],
  ["salesforce", field("integer", "long", { scale: 0 }), ["9223372036854775807", "-9223372036854775808"]],
  ["salesforce", field("number", "double", { scale: 0 }), ["7", "9.12260031E8", "999999999999999"]],
  ["salesforce", field("number", "currency", { scale: 2 }), ["12", "12.3", "12.345", "-0.01", "1.0E7", "0.1"]],
  ["salesforce", field("number", "percent", { scale: 2 }), ["33.3333333333333", "100"]],
  ["salesforce", field("boolean", "boolean"), ["true", "No", "1"]],
  ["salesforce", field("date", "date"), ["2026-03-29", "1700-01-01", "4000-12-31", "2026-01-01T00:00:00+05:00"]],
  [
    "salesforce",
    field("datetime", "datetime"),
    ["2026-07-01 10:00", "20260701T100000Z", "2026-07-01T24:00Z", "2026-07-01"],
  ],
  ["salesforce", field("time", "time"), ["13:18", "13:18:21.5", "00:00:00.000Z"]],
  ["salesforce", field("text", "string", { maxLength: 255 }), ["a", " a ", "ü😀"]],
  ["hubspot", field("number", "number"), ["12345678901234567890123456.123456789012", "1.0", "-0.5", "1e3"]],
  ["hubspot", field("boolean", "bool"), ["true", "off"]],
  ["hubspot", field("date", "date"), ["2026-03-29", "1774742400000", "0001-01-01"]],
  [
    "hubspot",
    field("datetime", "datetime"),
    ["2026-07-01 10:00:00.123", "1774742400001", "2026-07-01T10Z".replace("10Z", "10:00Z")],
  ],
  ["hubspot", field("text", "string"), ["a", " a ", "ü😀"]],
];

async function render(
  system: "salesforce" | "hubspot",
  schema: FieldSchema,
  texts: readonly string[],
  how: "written" | "present",
) {
  const renderField = system === "salesforce" ? renderSalesforce : renderHubSpot;
  const reading = how === "written" ? berlin : storedReading;
  const { value, stored = value } = renderField(schema, '"v:F"', "VARCHAR", reading);
  const rows = texts.map((text, index) => `(${index}, ${literal(text)})`).join(", ");
  const found = await rig.engine.all(
    `SELECT ${how === "written" ? value : stored} AS value FROM (VALUES ${rows}) t(n, "v:F") ORDER BY n`,
  );
  return found.map((row) => row["value"] as string | null);
}

describe.each(types)("%s", (system, schema, values) => {
  test(`${schema.vendorType}: what is stored is read back as the same, and written again as the same`, async () => {
    const stored = await render(system, schema, values, "written");
    expect(stored).not.toContain(null);
    const texts = stored.map(String);
    expect(await render(system, schema, texts, "present")).toEqual(texts);
    expect(await render(system, schema, texts, "written")).toEqual(texts);
  });
});
