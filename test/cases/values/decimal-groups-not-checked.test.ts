import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";
import { type Trial, tryValues } from "./try-values.ts";

const right = "a point in a German number is a thousands separator only before three digits";
const none = /can't be computed/;

caseOf("values/decimal-groups-not-checked", right, async () => {
  const de: Trial[] = [
    { into: "Amount__c", value: "1.234,56", is: "1234.56" },
    { into: "Amount__c", value: "10,5", is: "10.5" },
    { into: "Amount__c", value: "-1.234.567", is: "-1234567" },
    ...["1.5", "12.50", "1,234.56", "1.2.3.4", "0.123", "1.2345,6", "1 234,5", "1e3", "nan"].map((value) => ({
      into: "Amount__c",
      value,
      is: none,
    })),
  ];
  const en: Trial[] = [
    { into: "score", value: "1,234.56", is: "1234.56" },
    ...["1,5", "10,50", "1.234,56", "1,23,456.7"].map((value) => ({ into: "score", value, is: none })),
  ];
  {
    await using _place = await tryValues({ salesforce: de, expression: "parse_decimal(v, 'de')" });
  }
  await using _place = await tryValues({ hubspot: en, expression: "parse_decimal(v, 'en-GB')" });

  const job = (expression: string) => `version: 1
name: p
streams:
  c:
    source: { connection: drop, files: "c.csv" }
    target: { connection: drop, files: "out.csv" }
    map: { a: "${expression}" }
`;
  await using place = await rehearse(job("parse_decimal(v, 'xx')"), {
    "inbox/c.csv": "v\n1\n",
    "format.yaml": job("parse_date(v, '%d.%Q.%Y')"),
  });
  const locale = await place.project.run("check", "job.yaml");
  expect([locale.code, locale.stderr]).toEqual([
    2,
    expect.stringMatching(/job.yaml:7:\d+: parse_decimal: the locale "xx"/),
  ]);
  const format = await place.project.run("check", "format.yaml");
  expect([format.code, format.stderr]).toEqual([2, expect.stringMatching(/format.yaml:7:\d+: parse_date: the format/)]);
});
