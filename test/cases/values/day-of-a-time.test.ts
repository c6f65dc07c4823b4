import { caseOf } from "../case.ts";
import { type Trial, tryValues } from "./try-values.ts";

const right = "a time in a date field is a day of the job's zone, or refused";

caseOf("values/day-of-a-time", right, async () => {
  const trials = (into: string): Trial[] => [
    { into, value: "1990-03-25", is: "1990-03-25" },
    { into, value: "1990-03-25T00:00:00+09:00", is: "1990-03-25" },
    { into, value: "1990-03-25 00:00", is: "1990-03-25" },
    { into, value: "19900325T000000Z", is: "1990-03-25" },
    ...["1990-03-25T23:30:00Z", "1990-03-25T08:00:00+09:00", "1990-03-25T23:30:00-08:00", "1990-03-25 12:00"].map(
      (value) => ({ into, value, is: /time of day/ }),
    ),
  ];
  await using _place = await tryValues({
    salesforce: trials("Day__c"),
    hubspot: trials("born"),
    top: "timezone: Europe/Berlin",
  });
});
