import { caseOf } from "../case.ts";
import { type Trial, tryValues } from "./try-values.ts";

const right = "a time that does not exist is refused or told";

caseOf("values/time-in-the-dst-gap", right, async () => {
  const trials = (into: string, end: string, gap: string | RegExp, twice: string | RegExp): Trial[] => {
    const is = (time: string | RegExp) => (typeof time === "string" ? time + end : time);
    return [
      { into, value: "2026-03-29 01:30:00", is: is("2026-03-29T00:30:00.000") },
      { into, value: "2026-03-29 02:30:00", is: is(gap) },
      { into, value: "2026-03-29 03:30", is: is("2026-03-29T01:30:00.000") },
      { into, value: "2026-10-25 01:59:59", is: is("2026-10-24T23:59:59.000") },
      { into, value: "2026-10-25T02:30:00", is: is(twice) },
      { into, value: "2026-10-25 03:00:00", is: is("2026-10-25T02:00:00.000") },
      { into, value: "2026-07-01", is: is("2026-06-30T22:00:00.000") },
    ];
  };
  const berlin = "timezone: Europe/Berlin";
  const both = (gap: string | RegExp, twice: string | RegExp, top: string) => ({
    salesforce: trials("Seen__c", "+0000", gap, twice),
    hubspot: trials("seen_at", "Z", gap, twice),
    top,
  });
  {
    await using _place = await tryValues(
      both(/does not exist in Europe\/Berlin/, /comes twice in Europe\/Berlin/, berlin),
    );
  }
  await using _earlier = await tryValues(
    both("2026-03-29T00:30:00.000", "2026-10-25T00:30:00.000", `${berlin}\non_ambiguous_time: earlier`),
  );
});
