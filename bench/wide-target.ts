// The target of the wide benchmark: as snapshot-target.ts, with sixty fields, and the records that rows name.

import { join } from "node:path";
import type { Target } from "../src/contract/target.ts";
import type { FieldSchema, ObjectSchema } from "../src/core/model.ts";
import { makeField, openSnapshotTarget } from "./snapshot-target.ts";
import { wideFields, wideFiles } from "./wide-data.ts";

const parents: Readonly<Record<string, FieldSchema["lookup"]>> = {
  "Account.Account_No__c": { object: "Account", key: "Account_No__c" },
  "Region__r.Region_No__c": { object: "Region__c", key: "Region_No__c" },
};

export function openWideTarget(folder: string): Target {
  const target = openSnapshotTarget(join(folder, "snapshot.csv"));
  const fields = new Map(
    [...wideFields].map(([name, { kind }]) => {
      const lookup = parents[name];
      return [name, { ...makeField(name, kind), ...(lookup === undefined ? {} : { lookup }) }] as const;
    }),
  );
  const objects = new Map<string, ObjectSchema>([
    ["Contact", objectOf("Contact", fields)],
    [
      "User",
      objectOf(
        "User",
        new Map([
          ["Id", makeField("Id", "id")],
          ["Email", makeField("Email", "text")],
        ]),
      ),
    ],
    ["Account", objectOf("Account", new Map([["Account_No__c", makeField("Account_No__c", "text")]]))],
    ["Region__c", objectOf("Region__c", new Map([["Region_No__c", makeField("Region_No__c", "text")]]))],
  ]);
  return {
    ...target,
    describe: (object) => Promise.resolve(objects.get(object) ?? objectOf(object, new Map())),
    snapshot: ({ object }) => {
      const file = object === "Contact" ? "snapshot.csv" : wideFiles[object as keyof typeof wideFiles];
      return Promise.resolve({ files: [join(folder, file)], rows: 0, how: "one file" });
    },
  };
}

function objectOf(object: string, fields: Map<string, FieldSchema>): ObjectSchema {
  return { object, label: "", createable: true, updateable: true, deletable: true, fields };
}
