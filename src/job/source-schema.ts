// The shape of `source` in a stream.

import { z } from "zod";
import { asciiCharacter, character, delimiter, isClear, isNotClear, quoteOrNone } from "./format-schema.ts";
import {
  atLeastOneName,
  closedMap,
  duration,
  expression,
  fileName,
  referencing,
  secret,
  text,
} from "./schema-parts.ts";

const decryption = closedMap({
  private_key_file: referencing.describe(
    "File with the private key that files are encrypted for, relative to the job.",
  ),
  passphrase: secret.describe("The private key's passphrase; a reference.").optional(),
  verify_key_file: referencing
    .describe("File with the senders' public keys: what none of them signed is refused.")
    .optional(),
});

const sourceFormat = closedMap({
  type: z
    .enum(["csv", "json", "jsonl", "xml", "parquet"])
    .describe("csv, json, jsonl (one object a line), xml or parquet. Default: csv.")
    .optional(),
  delimiter,
  quote: quoteOrNone,
  escape: asciiCharacter.describe("Before a quote that is part of a value. Default: the quote itself.").optional(),
  comment: character.describe("Lines that start with it are no records.").optional(),
  columns: atLeastOneName.describe("Names of the columns, where the file has no header.").optional(),
  skip_lines: z.int("expected a whole number").min(0).max(1000).describe("Lines before the header.").optional(),
  footer_lines: z.int("expected a whole number").min(0).max(1000).describe("Lines after the last record.").optional(),
  encoding: text.describe("Character encoding, e.g. utf-16 or windows-1252. Default: utf-8.").optional(),
  records: text.describe("Where the records are: the path of a JSON array, or of an XML element.").optional(),
  pgp: decryption.describe("Files are encrypted by OpenPGP: .pgp, .gpg or .asc.").optional(),
})
  .refine(isClear, isNotClear)
  .refine(
    ({ escape: mark, quote, delimiter = "," }) => mark !== delimiter && (mark === undefined || quote !== "none"),
    "escape is the delimiter, or stands beside quote: none",
  )
  .refine(
    ({ comment, delimiter = ",", quote = '"' }) => comment !== delimiter && comment !== quote,
    "comment is the delimiter or the quote",
  );

export const source = closedMap({
  connection: text.describe("A connection of connections.yaml.").optional(),
  files: text.describe("A glob below the connection's path, e.g. accounts_*.csv.").optional(),
  format: sourceFormat.describe("How the files are written. Default: csv.").optional(),
  order: z.enum(["name", "time"]).describe("Order in which files are taken. Default: name.").optional(),
  ready: closedMap({
    stable_for: duration.describe("It was not changed for this long.").optional(),
    done_file: fileName
      .describe("A file of this name lies beside it; {name} is its own name, {stem} without ending.")
      .optional(),
    manifest: fileName.describe("A manifest of this name beside it lists it.").optional(),
  })
    .meta({ minProperties: 1, maxProperties: 1 })
    .refine((ready) => Object.keys(ready).length === 1, "expected one of stable_for, done_file, manifest")
    .describe("When a file counts as complete.")
    .optional(),
  once: z.enum(["content_hash"]).describe("Never take the same bytes twice.").optional(),
  after: z
    .union([
      z.enum(["leave"]),
      closedMap({ move: text.describe("Move the file to this folder, relative to the connection's path.") }),
      closedMap({ delete: z.literal(true).describe("Delete the file.") }),
    ])
    .describe("What happens to a file once its load is settled. Default: leave.")
    .optional(),
  on_reject: closedMap({
    move: text.describe(
      "A CSV file of a file's rejected rows is put into this folder, relative to the connection's path.",
    ),
  })
    .describe("What the sender gets of the rows that were rejected, once the load is settled. Default: nothing.")
    .optional(),
  max_age: duration.describe("Where the newest file is older, or there is none, the run stops (exit 4).").optional(),
  object: text.describe("The object to extract, e.g. Contact.").optional(),
  table: text.describe("Of a database: the table or view to read, e.g. crm.contacts.").optional(),
  query: text.describe("Of a database, in place of a table: one SELECT.").optional(),
  query_file: text.describe("A file with the query, relative to the job.").optional(),
  key: z
    .union([text, atLeastOneName])
    .describe("Of a query, or of a table without a primary key: the columns that tell its records apart.")
    .optional(),
  fields: atLeastOneName.describe("Fields to extract. Default: those the map uses.").optional(),
  where: text.describe("Filter in the vendor's own language.").optional(),
  incremental: closedMap({
    cursor: text.describe("The field that tells when a record changed.").optional(),
    overlap: duration.describe("How far each window reaches back into the one before.").optional(),
    since: text.describe("Where the first window starts.").optional(),
    refresh: duration.describe("All is taken again once this long has passed since it was taken last.").optional(),
  })
    .describe("Extract only what changed since the last run.")
    .optional(),
  deletes: z
    .enum(["ignore", "emit", "compare"])
    .describe("Whether deleted records come as rows; compare (databases) tells them by the keys that are there.")
    .optional(),
  keep: expression.describe("SQL over the source columns: rows for which it is not true are filtered out.").optional(),
  optional: z.array(text).describe("Columns that a file may lack: fields mapped from them are left alone.").optional(),
});
