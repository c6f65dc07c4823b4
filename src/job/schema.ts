// The shape of a job file. In a stream every key is optional here, because `defaults` may supply it; what a stream
// lacks after merging is found in read-job.ts, as is every name that must exist elsewhere in the job.

import { z } from "zod";
import { notifyShape, pingShape } from "./notify-schema.ts";
import {
  closedMap,
  count,
  duration,
  name,
  percent,
  referencing,
  secret,
  text,
  threshold,
  version,
} from "./schema-parts.ts";
import { bytesPattern, lockPattern } from "./units.ts";

/** Numbers, booleans and null are taken as they are written: `01234` stays `01234`. */
const expression = z
  .union(
    [z.string().regex(/\S/, "the expression is empty"), z.number(), z.boolean(), z.null()],
    "expected an SQL expression",
  )
  .meta({ title: "SQL expression", description: "A DuckDB scalar expression." });

const atLeastOne = z.int("expected a whole number").min(1, "expected 1 or more");
const atLeastOneName = z.array(text).min(1, "expected at least one name");

const character = z
  .string()
  .regex(/^[\s\S]$/u, "expected one character")
  .refine((one) => !/[\r\n]/.test(one), "a line break ends a line and can be nothing else")
  .refine(
    (one) => one.isWellFormed() && !"\0\ufeff\ufffd".includes(one),
    "this character can't be taken: take another one",
  );
/** The engine's quotes, and those of csv-parse, have one byte. */
const asciiCharacter = character.refine(
  (one) => Buffer.byteLength(one) === 1,
  "a quote is a character of ASCII: take another one, or none where values have no quotes",
);
const delimiter = character.describe("Between columns. Default: a comma.").optional();
const quote = asciiCharacter.describe('Around values. Default: ".').optional();
const quoteOrNone = z
  .union([asciiCharacter, z.literal("none")], "expected one character of ASCII, or none")
  .describe('Around values; none: a quote is a character like any other. Default: ".')
  .optional();

interface Dialect {
  delimiter?: string | undefined;
  quote?: string | undefined;
}

function isClear({ delimiter = ",", quote = '"' }: Dialect): boolean {
  return delimiter !== quote;
}

const isNotClear = "delimiter and quote are the same character";

const decryption = closedMap({
  private_key_file: referencing.describe(
    "File with the private key that files are encrypted for, relative to the job.",
  ),
  passphrase: secret.describe("The private key's passphrase; a reference.").optional(),
  verify_key_file: referencing
    .describe("File with the senders' public keys: what none of them signed is refused.")
    .optional(),
});

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

/** Of a file beside another one. */
const fileName = z.string().regex(/^[^/\\*?]+$/, "expected the name of a file, without a folder");

const source = closedMap({
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
  max_age: duration.describe("Where the newest file is older, or there is none, the run stops (exit 4).").optional(),
  object: text.describe("The object to extract, e.g. Contact.").optional(),
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
  deletes: z.enum(["ignore", "emit"]).describe("Whether deleted records come as rows.").optional(),
  keep: expression.describe("SQL over the source columns: rows for which it is not true are filtered out.").optional(),
  optional: z.array(text).describe("Columns that a file may lack: fields mapped from them are left alone.").optional(),
});

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

const target = closedMap({
  connection: text.describe("A connection of connections.yaml.").optional(),
  object: text.describe("The object to load, e.g. Contact.").optional(),
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
    .enum(["insert", "update", "upsert", "delete", "mirror", "replace", "delta"])
    .describe(
      "insert, update, upsert, delete, or mirror: upsert and delete what the source no longer has. Files: replace, with all rows, or delta, with what changed since the last run.",
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
  scope: text.describe("What mode mirror may delete: a filter in the vendor's own language.").optional(),
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

const lookup = closedMap({
  file: text.describe("A CSV file, relative to the job file."),
  key: text.describe("Its column that is compared."),
  value: text.describe("Its column that is taken."),
  from: expression.describe("SQL expression that is looked up."),
  miss: z.enum(["reject"]).describe("What happens to a row without a match. Default: reject.").optional(),
});

const mapping = closedMap({
  from: expression.describe("SQL expression over the source columns.").optional(),
  on_null: z
    .enum(["skip", "clear", "reject"])
    .describe(
      "What an empty value does: skip leaves the field alone, clear empties it, reject rejects the row. Default: skip.",
    )
    .optional(),
  policy: z
    .enum(["overwrite", "fill_empty", "create_only", "newest"])
    .describe(
      "When the field is written: always, only where the target's is empty, or only in a new record. Default: overwrite.",
    )
    .optional(),
  round: z
    .enum(["half_even", "half_up", "down"])
    .describe(
      "How digits that a number field has no room for are rounded, which the plan counts. Without it such a row is a reject.",
    )
    .optional(),
  parent: text.describe("A stream of this job: the field gets the id of its record whose key is `from`.").optional(),
  miss: z.enum(["reject"]).describe("What happens to a row without a parent. Default: reject.").optional(),
  lookup: lookup.describe("Take the value from a reference file.").optional(),
})
  .meta({
    oneOf: [{ required: ["from"] }, { required: ["lookup"] }],
    dependentRequired: { parent: ["from"], miss: ["parent"] },
  })
  .refine((entry) => (entry.from === undefined) !== (entry.lookup === undefined), "expected `from` or `lookup`")
  .refine((entry) => entry.parent === undefined || entry.lookup === undefined, "`parent` goes with `from`")
  .refine((entry) => entry.miss === undefined || entry.parent !== undefined, "`miss` goes with `parent`");

const rule = closedMap({
  field: text.describe("The mapped field to check.").optional(),
  required: z.boolean().describe("It has a value.").optional(),
  max_length: z.int("expected a whole number").min(1, "expected 1 or more").describe("Characters at most.").optional(),
  expr: expression.describe("SQL over the mapped fields that must be true.").optional(),
  message: text.describe("What a reject says where `expr` is not true.").optional(),
  severity: z
    .enum(["error", "warn"])
    .describe("error rejects the row, warn only counts it. Default: error.")
    .optional(),
})
  .meta({
    oneOf: [{ required: ["field"] }, { required: ["expr"] }],
    dependentRequired: { required: ["field"], max_length: ["field"], message: ["expr"] },
  })
  .refine((entry) => (entry.field === undefined) !== (entry.expr === undefined), "expected `field` or `expr`")
  .refine(
    (entry) => entry.field === undefined || entry.required !== undefined || entry.max_length !== undefined,
    "expected `required` or `max_length` beside `field`",
  )
  .refine(
    (entry) => entry.expr === undefined || (entry.required === undefined && entry.max_length === undefined),
    "`required` and `max_length` go with `field`",
  )
  .refine((entry) => entry.message === undefined || entry.expr !== undefined, "`message` goes with `expr`");

/** A stream as it is written, and `defaults`, which have the same shape. */
export const streamShape = closedMap({
  source: source.describe("Where the rows come from.").optional(),
  target: target.describe("Where the records go.").optional(),
  map: z
    .record(text, z.union([expression, mapping], "expected an SQL expression, or a map with `from`"))
    .describe("Target field to SQL expression, or to a map with `from` or `lookup`.")
    .optional(),
  validate: z.array(rule).describe("Checks of the mapped rows.").optional(),
  dedupe: closedMap({
    by: atLeastOneName.describe("Mapped fields: rows that agree in all of them are one record."),
    keep: z.enum(["first", "last"]).describe("Which row stays, in source order."),
  })
    .describe("What to do with rows that share a key. Without it, all of them are rejected.")
    .optional(),
});

const row = z.record(z.string(), z.unknown());

/** A job file as it is written. */
export const jobShape = closedMap({
  version,
  name: name.describe("Names the job's runs, lock and state."),
  defaults: streamShape.describe("Merged deeply into every stream: maps merge, scalars and lists replace.").optional(),
  streams: z
    .record(name, streamShape)
    .meta({ minProperties: 1 })
    .refine((streams) => Object.keys(streams).length > 0, "expected at least one stream")
    .describe("What to load, by name. A stream runs after the streams it names as `parent`."),
  rejects: closedMap({
    max: threshold
      .describe(
        "How many rows may stay away: rejected, refused or in conflict, a share of the rows taken or a number. More stop the run before it loads, or end it with exit code 3. Default: none for exit code 0; more than 5% rejected by validation stop it.",
      )
      .optional(),
  })
    .describe("How many rows may stay away.")
    .optional(),
  keep: closedMap({
    runs: duration.describe("Run folders are deleted after this time. Default: 14d.").optional(),
  })
    .describe("How long things are kept.")
    .optional(),
  timezone: text
    .describe("IANA time zone that reads values without a zone, and says which day an instant is. Default: UTC.")
    .optional(),
  on_ambiguous_time: z
    .enum(["reject", "earlier", "later"])
    .describe(
      "What becomes of a local time that the clocks of `timezone` skip or pass twice: the row is a reject, or the earlier or later instant is meant. Default: reject.",
    )
    .optional(),
  guards: closedMap({
    changed: threshold.describe("Records changed at most. Default: no limit.").optional(),
    deletes: threshold.describe("Records deleted at most. Default: 0 in mode mirror, otherwise no limit.").optional(),
    creates: threshold.describe("Records created at most. Default: no limit.").optional(),
    source_rows_min: count.describe("Rows that each source has at least. Default: no limit.").optional(),
  })
    .describe("Limits that stop a run before anything is written.")
    .optional(),
  limits: closedMap({
    api_calls: atLeastOne.describe("API calls a run at most.").optional(),
    reserve: percent.describe("Share of the org's daily allowance that is left to others.").optional(),
    minutes: atLeastOne.describe("Minutes a run at most.").optional(),
  })
    .describe("Limits that stop a run cleanly, to be resumed.")
    .optional(),
  lock: z
    .string()
    .regex(lockPattern, "expected skip, fail or e.g. wait 10m")
    .describe("What a second run of the same job does: skip, fail, or e.g. wait 10m. Default: fail.")
    .optional(),
  notify: notifyShape.describe("Whom to tell how a run ended.").optional(),
  ping: pingShape.describe("A dead man's switch: URLs that are called as a run begins and ends.").optional(),
  report: z.boolean().describe("Whether each run writes report.html into its folder. Default: false.").optional(),
  lineage: referencing
    .describe("Each run tells its lineage there as events of OpenLineage: a URL, or a file, relative to the job file.")
    .optional(),
  metrics: text
    .regex(/\.prom$/, "the textfile collector reads files that end in .prom")
    .describe("Each run writes its Prometheus metrics there, for the textfile collector. Relative to the job file.")
    .optional(),
  redact: z.array(text).describe("Target fields whose values are never shown.").optional(),
  tests: z
    .array(
      closedMap({
        name: text.describe("What the test shows."),
        stream: text.describe("The stream it tests."),
        given: z.array(row).describe("Source rows."),
        expect: z.array(row).describe("Mapped rows that come out.").optional(),
        expect_rejects: z.array(row).describe("Rejects that come out.").optional(),
      }),
    )
    .describe("Tests that `loadline test` runs offline.")
    .optional(),
}).meta({
  title: "loadline job file",
  patternProperties: { "^x-": { description: "Free for anchors and notes; not read." } },
});

export type JobFile = z.infer<typeof jobShape>;
export type StreamFile = z.infer<typeof streamShape>;
