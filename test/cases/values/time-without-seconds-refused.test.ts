import { caseOf } from "../case.ts";
import { tryValues } from "./try-values.ts";

const read: [value: string, is: string][] = [
  ["2021-08-06T13:18:21Z", "2021-08-06T13:18:21.000"],
  ["2021-08-06T13:18Z", "2021-08-06T13:18:00.000"],
  ["2021-08-06T13:18+02:00", "2021-08-06T11:18:00.000"],
  ["2021-08-06 13:18:21 +0200", "2021-08-06T11:18:21.000"],
  ["2021-08-06 13:18:21+02", "2021-08-06T11:18:21.000"],
  ["20210806T131821Z", "2021-08-06T13:18:21.000"],
  ["20210806T1318-0330", "2021-08-06T16:48:00.000"],
  ["2021-08-06T13:18:21.000+0000", "2021-08-06T13:18:21.000"],
  ["2021-08-06t13:18:21z", "2021-08-06T13:18:21.000"],
  ["2021-08-06T13:18:21,000Z", "2021-08-06T13:18:21.000"],
  ["2021-08-06T13:18:21 UTC", "2021-08-06T13:18:21.000"],
  ["2021-08-06T24:00Z", "2021-08-07T00:00:00.000"],
];

const refused: [value: string, is: RegExp][] = [
  ...["2021-08-06T13:18Z and more", "epoch", "infinity", "2021-02-30T00:00Z", "2021-08-06T25:00Z", "13:18Z"].map(
    (value): [string, RegExp] => [value, /not a date and time \(ISO 8601\)/],
  ),
  ["2021-08-06T13:18:21.1234567Z", /finer than a millisecond/],
  ["2016-12-31T23:59:60Z", /second 60/],
];

const right = "usual times with a zone are read";

caseOf("values/time-without-seconds-refused", right, async () => {
  const trials = (into: string, end: string) => [
    ...read.map(([value, is]) => ({ into, value, is: is + end })),
    ...refused.map(([value, is]) => ({ into, value, is })),
  ];
  await using _place = await tryValues({
    salesforce: [...trials("Seen__c", "+0000"), { into: "Seen__c", value: "1600-01-01T00:00Z", is: /1700-01-01/ }],
    hubspot: [
      ...trials("seen_at", "Z"),
      { into: "seen_at", value: "2021-08-06T13:18:21.5Z", is: "2021-08-06T13:18:21.500Z" },
      { into: "seen_at", value: "1628255901000", is: "2021-08-06T13:18:21.000Z" },
    ],
  });
});
