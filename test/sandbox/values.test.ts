import fc from "fast-check";
import { expect, test } from "vitest";
import { field } from "../../src/sandbox/salesforce/catalog/field.ts";
import type { RowError } from "../../src/sandbox/salesforce/errors.ts";
import { valueReader } from "../../src/sandbox/salesforce/records/values.ts";
import { javaDouble } from "../../src/sandbox/salesforce/render.ts";

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    const { code, message, fields } = error as RowError;
    return `${code}|${message}|${fields.join()}`;
  }
  return "accepted";
}

const name = field("LastName", "string", { length: 5 });
const score = field("Score__c", "double", { precision: 5, scale: 2 });
const day = field("Birthdate", "date");
const moment = field("Seen__c", "datetime");

test("text is trimmed, blank text is null, and length is counted in characters", () => {
  const read = valueReader(name);
  expect(read("  Ann ")).toBe("Ann");
  expect(read(" \t")).toBeNull();
  expect(read("😀😀😀😀😀")).toBe("😀😀😀😀😀");
  expect(refusal(() => read("sixsix"))).toBe(
    "STRING_TOO_LONG|Last Name: data value too large: sixsix (max length=5)|LastName",
  );
});

test("numbers keep all decimals, whatever their scale, and are refused beyond their digits", () => {
  const read = valueReader(score);
  expect([read("1.159"), read("-1.15"), read("1e2"), read(".5"), read("999.99")]).toEqual([
    1.159, -1.15, 100, 0.5, 999.99,
  ]);
  expect(refusal(() => read("1000"))).toMatch(/^NUMBER_OUTSIDE_VALID_RANGE/);
  for (const text of ["1,5", "abc", "0x10", "1.2.3"])
    expect(refusal(() => read(text))).toMatch(/^INVALID_TYPE_ON_FIELD_IN_RECORD/);
});

test("a number that fits its scale is stored as it is", () => {
  fc.assert(
    fc.property(fc.integer({ min: -99_999, max: 99_999 }), (cents) => {
      expect(valueReader(score)((cents / 100).toFixed(2))).toBe(Number((cents / 100).toFixed(2)));
    }),
  );
});

test("whole numbers take no fraction and no scientific notation", () => {
  const read = valueReader(field("Count__c", "int"));
  expect([read("12"), read("12.0"), read("-3")]).toEqual([12, 12, -3]);
  for (const text of ["12.5", "1e3", "12345678901"]) expect(refusal(() => read(text))).not.toBe("accepted");
});

test("every real day is a date and no other text is", () => {
  const read = valueReader(day);
  fc.assert(
    fc.property(fc.date({ min: new Date("1700-01-01"), max: new Date("3999-12-31"), noInvalidDate: true }), (date) => {
      const text = date.toISOString().slice(0, 10);
      expect(read(text)).toBe(text);
    }),
  );
  expect(read("2024-02-29")).toBe("2024-02-29");
  for (const text of ["2023-02-29", "2024-13-01", "2024-1-1", "01.02.2024", "2024-01-01T00:00:00Z", "2024-01-01+02:00"])
    expect(refusal(() => read(text))).toBe(
      `INVALID_TYPE_ON_FIELD_IN_RECORD|Birthdate: value not of required type: ${text}|Birthdate`,
    );
});

test("datetimes become whole seconds of UTC, and need a zone", () => {
  const read = valueReader(moment);
  expect(read("2024-03-01T01:30:00.987+02:00")).toBe("2024-02-29T23:30:00.000Z");
  expect(read("2024-03-01T01:30:00-0530")).toBe("2024-03-01T07:00:00.000Z");
  for (const text of ["2024-03-01T01:30:00", "2024-03-01", "2024-02-30T00:00:00Z", "2024-03-01T25:00:00Z"])
    expect(refusal(() => read(text))).toMatch(/^INVALID_TYPE_ON_FIELD_IN_RECORD/);
});

test("a time of day is kept to the millisecond, and has no zone but Z", () => {
  const read = valueReader(field("Opens__c", "time"));
  expect([read("10:00:00"), read("10:00:00.5Z"), read("23:59:59.999Z")]).toEqual([
    "10:00:00.000Z",
    "10:00:00.500Z",
    "23:59:59.999Z",
  ]);
  for (const text of ["10:00", "24:00:00", "10:00:00+02:00", "10:00 PM"])
    expect(refusal(() => read(text))).toMatch(/^INVALID_TYPE_ON_FIELD_IN_RECORD/);
});

test("several choices are a set in the order of the picklist", () => {
  const tags = { values: ["Red", "Green", "Blue"], length: 40 };
  const open = valueReader(field("Tags__c", "multipicklist", tags));
  expect(["Blue;Red", "Green;Red;Green", "Pink;Blue", ""].map(open)).toEqual([
    "Red;Blue",
    "Red;Green",
    "Blue;Pink",
    null,
  ]);
  const closed = valueReader(field("Tags__c", "multipicklist", { ...tags, restricted: true }));
  expect(closed("Blue;Red")).toBe("Red;Blue");
  for (const text of ["Red; Green", ";Green;", "Pink"])
    expect(refusal(() => closed(text))).toMatch(/^INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST/);
});

test("emails, picklists, checkboxes and ids are checked", () => {
  const email = valueReader(field("Email", "email"));
  expect(email(" A.b+C@D-e.co.uk ")).toBe("a.b+c@d-e.co.uk");
  for (const text of ["a", "a@b", "a b@c.de", "@c.de", "a@@c.de", "a@.de"])
    expect(refusal(() => email(text))).toBe(`INVALID_EMAIL_ADDRESS|Email: invalid email address: ${text}|Email`);
  const tier = valueReader(field("Tier__c", "picklist", { values: ["Gold"], restricted: true }));
  expect(refusal(() => tier("Lead"))).toBe(
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST|Tier: bad value for restricted picklist field: Lead|Tier__c",
  );
  expect(valueReader(field("LeadSource", "picklist", { values: ["Web"] }))("Radio")).toBe("Radio");
  const flag = valueReader(field("Active__c", "boolean"));
  expect([flag("true"), flag("FALSE"), flag("1"), flag("0")]).toEqual([1, 0, 1, 0]);
  expect(refusal(() => flag("yes"))).toMatch(/^INVALID_TYPE_ON_FIELD_IN_RECORD/);
  const parent = field("AccountId", "reference", { label: "Account ID" });
  expect(refusal(() => valueReader(parent)("123"))).toBe(
    "MALFORMED_ID|Account ID: id value of incorrect type: 123|AccountId",
  );
});

test("numbers are shown the way Java shows a double", () => {
  const shown = [0, 5, -1.5, 1234567, 9_999_999, 10_000_000, 912_260_031, 0.001, 0.0005, 1e21].map(javaDouble);
  expect(shown).toEqual([
    "0.0",
    "5.0",
    "-1.5",
    "1234567.0",
    "9999999.0",
    "1.0E7",
    "9.12260031E8",
    "0.001",
    "5.0E-4",
    "1.0E21",
  ]);
});

test("a shown number reads back as the same number", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(javaDouble(value)) === value).toBe(true);
    }),
  );
});
