import { caseOf } from "../case.ts";
import { type Trial, tryValues } from "./try-values.ts";

caseOf("values/two-digit-year-with-Y", "%Y wants four digits", async () => {
  const trials = (into: string): Trial[] => [
    { into, value: "31.12.1999", is: "1999-12-31" },
    { into, value: "5.3.2024", is: "2024-03-05" },
    ...["31.12.99", "5.3.24", "01.02.199", "epoch", "infinity", "31.12.1999 x", "31.02.1999"].map((value) => ({
      into,
      value,
      is: /can't be computed/,
    })),
  ];
  {
    await using _place = await tryValues({
      salesforce: trials("Day__c"),
      hubspot: trials("born"),
      expression: "parse_date(v, '%d.%m.%Y')",
    });
  }
  await using _place = await tryValues({
    hubspot: trials("born"),
    expression: "CAST(strptime(v, '%d.%m.%Y') AS DATE)",
  });
});
