// The shape of `lookup`, of a mapped field and of a rule.

import { z } from "zod";
import { atLeastOneName, closedMap, expression, text } from "./schema-parts.ts";

const places = ["file", "object", "stream"] as const;

const table = {
  file: text.describe("A CSV file with a header, relative to the job file.").optional(),
  object: text.describe("An object of the target's system, or of `connection`.").optional(),
  stream: text.describe("A stream of this job: its mapped rows, as this run has them.").optional(),
  connection: text.describe("Whose `object` it is. Default: the target's.").optional(),
  key: z
    .union([text, atLeastOneName], "expected a name, or a list of names")
    .describe("What `from` is compared with: a column of the file, a field of the object or of the stream; or a list."),
  where: text
    .describe("Only these: of an object a filter in the vendor's language, of a file or stream SQL over its columns.")
    .optional(),
};

const from = z.union(
  [expression, z.array(expression).min(1, "expected at least one expression")],
  "expected an SQL expression, or a list with one for each of `key`",
);

type Table = Partial<Record<(typeof places)[number] | "connection", string | undefined>>;

const oneTable = (entry: Table) => places.filter((name) => entry[name] !== undefined).length === 1;
const oneTableMessage = "expected one of `file`, `object` and `stream`";
const fitsConnection = (entry: Table) => entry.connection === undefined || entry.object !== undefined;
const connectionMessage = "`connection` goes with `object`";
const oneOf = places.map((name) => ({ required: [name] }));

/** Of a mapped field. */
export const lookup = closedMap({
  ...table,
  from: from.describe("SQL expression over the source columns that is looked up; of several keys a list."),
  value: text.describe("The column or field that is taken. Default, of an object: the record's id.").optional(),
  miss: z
    .enum(["reject", "skip", "default", "create"])
    .describe(
      "What becomes of a row whose key is not found: it is rejected, the field is left alone, or gets `default`. Default: reject.",
    )
    .optional(),
  default: z
    .union([text, z.number(), z.boolean()], "expected a value")
    .describe("The value of miss: default.")
    .optional(),
})
  .meta({ oneOf, dependentRequired: { connection: ["object"], default: ["miss"] } })
  .refine(oneTable, oneTableMessage)
  .refine(fitsConnection, connectionMessage)
  .refine(
    (entry) => (entry.default !== undefined) === (entry.miss === "default"),
    "`miss: default` and `default` go together",
  );

/** Of a rule: whether there is one. */
export const existing = closedMap({
  ...table,
  from: from.describe("SQL expression over the mapped fields that is looked up. Default: `field`.").optional(),
})
  .meta({ oneOf, dependentRequired: { connection: ["object"] } })
  .refine(oneTable, oneTableMessage)
  .refine(fitsConnection, connectionMessage);
