// The shape of `target` in a stream.

import { z } from "zod";
import { delimiter, isClear, isNotClear, quote } from "./format-schema.ts";
import { atLeastOneName, closedMap, duration, fileName, referencing, secret, text } from "./schema-parts.ts";
import { bytesPattern } from "./units.ts";

const encryption = closedMap({
  recipient_key_file: referencing.describe("File with the recipients' public keys, relative to the job."),
  sign_key_file: referencing.describe("File with the private key that signs.").optional(),
  passphrase: secret.describe("The signing key's passphrase; a reference.").optional(),
})
  .meta({ dependentRequired: { passphrase: ["sign_key_file"] } })
  .refine(
    ({ passphrase, sign_key_file }) => passphrase === undefined || sign_key_file !== undefined,
    "passphrase goes with sign_key_file",
  );

const targetFormat = closedMap({
  type: z.enum(["csv", "jsonl", "parquet"]).describe("csv, jsonl (one object a line) or parquet.").optional(),
  delimiter,
  quote,
  neutralise_formulas: z
    .boolean()
    .describe("An apostrophe before cells that a spreadsheet would take for formulas. Default: false.")
    .optional(),
  pgp: encryption.describe("The file is encrypted by OpenPGP.").optional(),
}).refine(isClear, isNotClear);

export const target = closedMap({
  connection: text.describe("A connection of connections.yaml.").optional(),
  object: text.describe("The object to load, e.g. Contact.").optional(),
  table: text.describe("Of a database: the table to load, e.g. crm.contacts.").optional(),
  create_table: z
    .boolean()
    .describe(
      "A table that is not there is made from the map's types, with the key as its primary key. Default: false.",
    )
    .optional(),
  key: z
    .union([text, atLeastOneName])
    .describe(
      "The target field that identifies a record: the external ID, or several mapped fields that together tell records apart.",
    )
    .optional(),
  adopt_by: text
    .describe("A mapped field: a record that has no key yet and agrees in it gets the key instead of being doubled.")
    .optional(),
  mode: z
    .enum(["insert", "update", "upsert", "delete", "mirror", "history", "replace", "delta"])
    .describe(
      "insert, update, upsert, delete, or mirror: upsert and delete what the source no longer has. Tables: history, a row a version, or replace, by a new table. Files: replace, with all rows, or delta, with what changed since the last run.",
    )
    .optional(),
  via: z
    .enum(["bulk"])
    .describe("bulk: new records go through the vendor's bulk endpoint, however few. Default: what takes fewer calls.")
    .optional(),
  batch: closedMap({
    rows: z.int("expected a whole number").min(1, "expected 1 or more").describe("Rows a batch at most.").optional(),
    bytes: z
      .union([
        z.int("expected a whole number").min(1, "expected 1 or more"),
        z.string().regex(bytesPattern, "expected a size such as 50MB"),
      ])
      .describe("Bytes a batch at most: a number, or e.g. 50MB.")
      .optional(),
  })
    .describe("Batches smaller than the target's own limits.")
    .optional(),
  where: text
    .describe(
      "Only records of which it is true are touched: SQL over the fields that they have now, or a filter in the vendor's own language.",
    )
    .optional(),
  scope: text.describe("What mode mirror may delete: a filter in the vendor's own language.").optional(),
  present: z
    .union([
      z.enum(["read"]),
      closedMap({
        keep: z.literal(true).describe("They are kept: the default.").optional(),
        max_age: duration.describe("All are read anew after this time. Default: 7d.").optional(),
      }),
    ])
    .describe(
      "Present values are kept from run to run, where the target tells what changed. read: they are read anew by each run.",
    )
    .optional(),
  hard_delete: z
    .boolean()
    .describe("With modes delete and mirror: records are deleted for good, past the recycle bin. Default: false.")
    .optional(),
  assignment_rule: text.describe("The id of the assignment rule that gives new cases or leads an owner.").optional(),
  files: text.describe("The name of the file to write.").optional(),
  done_file: fileName
    .describe("An empty file of this name is written beside it once it is complete; {name} is its name.")
    .optional(),
  manifest: fileName
    .describe("A file of this name beside it lists it: name, rows, bytes, sha256. CSV, or JSON where it ends in .json.")
    .optional(),
  format: targetFormat.describe("How the file is written. Default: csv.").optional(),
});
