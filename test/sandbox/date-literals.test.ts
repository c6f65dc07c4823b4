import fc from "fast-check";
import { expect, test } from "vitest";
import { daySpan } from "../../src/sandbox/salesforce/soql/date-literals.ts";

const today = new Date("2026-11-21T15:30:00Z");

function shown(literal: string): string {
  const { from, to } = daySpan(literal, today);
  return `${from.toISOString().slice(0, 10)} ${to.toISOString().slice(0, 10)}`;
}

test("each literal spans the days that Salesforce's documentation gives it", () => {
  expect(
    Object.fromEntries(
      [
        "TODAY",
        "YESTERDAY",
        "TOMORROW",
        "LAST_WEEK",
        "THIS_MONTH",
        "LAST_QUARTER",
        "NEXT_YEAR",
        "LAST_N_DAYS:7",
        "NEXT_N_DAYS:3",
        "N_DAYS_AGO:2",
        "LAST_N_MONTHS:2",
      ].map((literal) => [literal, shown(literal)]),
    ),
  ).toEqual({
    TODAY: "2026-11-21 2026-11-22",
    YESTERDAY: "2026-11-20 2026-11-21",
    TOMORROW: "2026-11-22 2026-11-23",
    LAST_WEEK: "2026-11-08 2026-11-15",
    THIS_MONTH: "2026-11-01 2026-12-01",
    LAST_QUARTER: "2026-07-01 2026-10-01",
    NEXT_YEAR: "2027-01-01 2028-01-01",
    "LAST_N_DAYS:7": "2026-11-14 2026-11-22",
    "NEXT_N_DAYS:3": "2026-11-22 2026-11-25",
    "N_DAYS_AGO:2": "2026-11-19 2026-11-20",
    "LAST_N_MONTHS:2": "2026-09-01 2026-11-01",
  });
});

test("last, this and next follow each other without a gap, on any day", () => {
  const day = fc.date({ min: new Date("2000-01-01"), max: new Date("2050-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(day, fc.constantFrom("WEEK", "MONTH", "QUARTER", "YEAR"), (date, unit) => {
      const [last, present, next] = ["LAST", "THIS", "NEXT"].map((which) => daySpan(`${which}_${unit}`, date));
      expect(last?.to).toEqual(present?.from);
      expect(present?.to).toEqual(next?.from);
      expect(present && present.from <= date && date < present.to).toBe(true);
    }),
  );
});

test("an unknown literal is refused", () => {
  expect(() => daySpan("LAST_CENTURY", today)).toThrow("unexpected token: 'LAST_CENTURY'");
});
