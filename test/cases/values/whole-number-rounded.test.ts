import { caseOf } from "../case.ts";
import { type Trial, tryValues } from "./try-values.ts";

const none = /not a whole number/;

caseOf("values/whole-number-rounded", "a fraction in a field without decimals is refused", async () => {
  const salesforce = ["Count__c", "Whole__c"].flatMap((into): Trial[] => [
    { into, value: "12", is: "12" },
    { into, value: "12.0", is: "12" },
    { into, value: "1e3", is: "1000" },
    { into, value: "1.5e1", is: "15" },
    { into, value: " 7 ", is: "7" },
    { into, value: "-0", is: "0" },
    ...["12.5", "0.4", "-0.5", "1,5", "1_000", "0x10", "nan", "infinity", "1e-1", "12 pcs"].map((value) => ({
      into,
      value,
      is: none,
    })),
  ]);
  await using _place = await tryValues({
    salesforce: [
      ...salesforce,
      { into: "Count__c", value: "999999999", is: "999999999" },
      { into: "Count__c", value: "2147483648", is: /2147483647/ },
      { into: "Whole__c", value: "123456789012345678", is: /double/ },
    ],
  });
});
