import { caseOf } from "../case.ts";
import { type Trial, tryValues } from "./try-values.ts";

const right = "a date field takes YYYY-MM-DD and says so of everything else";

caseOf("values/date-field-takes-words-and-times", right, async () => {
  const trials = (into: string): Trial[] => [
    { into, value: "2024-01-31", is: "2024-01-31" },
    { into, value: " 2024-02-29\u00a0", is: "2024-02-29" },
    ...[
      "24-01-31",
      "05-03-24",
      "epoch",
      "infinity",
      "today",
      "31.12.1999",
      "2023-02-29",
      "1999-12-31 (BC)",
      "0000-01-01",
      "12024-01-31",
      "2024-01-31 and more",
      "2024-01-31T23:30:00-05:00",
    ].map((value) => ({ into, value, is: /not a date \(YYYY-MM-DD\)/ })),
  ];
  await using _place = await tryValues({
    salesforce: [
      ...trials("Day__c"),
      { into: "Day__c", value: "1699-12-31", is: /1700-01-01/ },
      { into: "Day__c", value: "4001-01-01", is: /4000-12-31/ },
    ],
    hubspot: trials("born"),
  });
});
