import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { guessFile } from "./guess-files.ts";

caseOf("guess/header-of-years", "a header with numbers in it is a header, or in doubt", async () => {
  const years = await guessFile("years.csv", "region,2024,2025\nEMEA,10,20\nAPAC,5,6\n");
  expect(years.format).toEqual({ type: "csv", delimiter: "," });
  expect(Object.keys(years.map).sort()).toEqual(["2024", "2025", "region"]);
  expect(years.written).toHaveLength(3);
  expect(years.doubts).toEqual([expect.stringContaining("taken for the header, though it holds 2024, 2025")]);
  const days = await guessFile("days.csv", "region;2026-01-01;2026-01-02\nEMEA;10;20\nAPAC;5;6\n");
  expect(days.written[0]).toBe("region,2026-01-01,2026-01-02");
  // No header: the addresses and dates of a record. That is in doubt as well.
  const none = await guessFile("none.csv", "1,ann@x.com,2026-01-01\n2,bob@x.com,2026-01-02\n");
  expect(none.written).toHaveLength(3);
  expect(none.doubts).toEqual([expect.stringContaining("looks like a record")]);
  // A header with a name that lacks or stands twice stays none of the records.
  const twice = await guessFile("twice.csv", "Export\n\nid,name,name,\n1,a,b,c\n2,d,e,f\n");
  expect(twice.written).toEqual(["id,name,column_3,column_4", "1,a,b,c", "2,d,e,f"]);
  expect(twice.doubts).toContainEqual(expect.stringContaining("lacks or stands twice"));
});
