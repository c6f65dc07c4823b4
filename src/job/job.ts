// What to do, as the steps see it: a job and its connections after reading, merging defaults and checking.
// In: two YAML files (read-job.ts, read-connections.ts). Out: the plain data below, without YAML and without zod.
// What must hold: every name that is used here exists (parent streams, key fields, redacted fields), streams stand in
// load order, every part that a later step can complain about carries its place in the YAML, and no secret is held:
// a credential is a Reference, which is resolved as late as the sign-in.

import type { Place } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import type { CsvFormat, FileFormat, WrittenFormat } from "../formats/format.ts";
import type { AmbiguousTime, Reading, Rounding } from "../values/value.ts";
import type { Dedupe } from "./dedupe.ts";
import type { Expression } from "./expression.ts";
import type { Guards, Threshold } from "./guards.ts";
import type { Lookup } from "./lookup.ts";
import type { Mode } from "./mode.ts";
import type { Rule } from "./rule.ts";
import type { TestCase } from "./test-case.ts";

export type { Place } from "../core/errors.ts";
export type { FileFormat, WrittenFormat } from "../formats/format.ts";
export type { Expression } from "./expression.ts";
export type { Guards, Threshold } from "./guards.ts";
export { type Mode, writesFile } from "./mode.ts";

/** What an empty value does to the target's field: leave it alone, empty it, or reject the row. */
type OnNull = "skip" | "clear" | "reject";

/** When a field is written: always, only where the target has no value, only in a new record, or where ours is newer. */
export type Policy = "overwrite" | "fill_empty" | "create_only" | "newest";

/** What a shape that is not the one of before does: it is told, stops the run, or is taken as known. */
type SchemaPolicy = "warn" | "freeze" | "evolve";

/** What a second run of the same job does: fail (exit 6), say so and be done (exit 0), or wait at most `ms`. */
export type Lock = { kind: "fail" } | { kind: "skip" } | { kind: "wait"; ms: number };

/** What a run may use; where one is reached it stops cleanly, to be resumed. */
export interface Limits {
  /** API calls at most. */
  apiCalls?: number;
  /** Percent of the org's daily allowance that is left to others. */
  reserve?: number;
  minutes?: number;
}

export interface Job {
  name: string;
  /** The file that was read, as it was named by the caller. */
  file: string;
  /** SHA-256, in hexadecimal, of all that the job says: independent of layout, comments, places and the file's name. */
  hash: string;
  /** IANA name. Reads values that carry no zone, and says which day an instant is. */
  timezone: string;
  /** What becomes of a local time that the clocks skip or pass twice; without it, its row is a reject. */
  onAmbiguousTime?: AmbiguousTime;
  /** How many rows may not arrive; without it, none may that the run could call a success. */
  rejectsMax?: Threshold;
  guards: Guards;
  limits?: Limits;
  keepRunsMs: number;
  lock: Lock;
  /** Each run writes its HTML report. */
  report?: true;
  /** Target fields whose values are never shown or sent to a log or report. */
  redact: string[];
  /** Whom to tell how a run ended. Not part of the hash: it changes nothing of what a run does. */
  notify: Notice[];
  /** Likewise. */
  ping?: Ping;
  /** The URL or file that gets OpenLineage's events. Not part of the hash. */
  lineage?: LineageReceiver;
  /** The Prometheus file that runs write, absolute. */
  metrics?: string;
  /** Not part of the hash either. */
  tests: TestCase[];
  /** The job that goes the other way (src/job/twin.ts). */
  twin?: TwinName;
  /** In load order: a stream comes after the streams that its `parent` entries name. */
  streams: Stream[];
}

interface TwinName {
  name: string;
  place: Place;
}

/** Who decides where both sides changed a field: the one, the other, whose change is newer, or a person. */
export type Ownership = "source" | "target" | "newest" | "ask";

/** A stream of a job that has a twin. */
export interface TwoWay {
  /** By target field: what the job says, and once the twin is known what it says too; the two-way fields alone then. */
  ownership: Readonly<Record<string, Ownership>>;
  /** What becomes of a record whose other one was deleted. */
  onDeletes: "carry" | "ignore" | "ask";
  /** Once the twin is known: the field of the source that its stream writes as its key, and what it maps it from. */
  link?: { column: string; from: string };
}

export interface Stream {
  name: string;
  place: Place;
  /** It makes the records that a lookup of another stream does not find, for its rows: made-records.ts. */
  madeFor?: MadeFor;
  source: StreamSource;
  /** Rows for which this is not true are filtered out. */
  keep?: Expression;
  target: StreamTarget;
  /** In the order of the file. Empty only where the mode is delete: then the key is read from columns of its name. */
  fields: MappedField[];
  rules: Rule[];
  dedupe?: Dedupe;
  /** Of a job that has a twin. */
  twoWay?: TwoWay;
  /** Without it, `warn`. */
  schemaPolicy?: Exclude<SchemaPolicy, "warn">;
}

interface MadeFor {
  stream: string;
  field: string;
  /** What names the records is never shown. */
  isHidden: boolean;
}

export type StreamSource = FileSource | ObjectSource;

export interface FileSource {
  kind: "files";
  connection: string;
  /** A glob below the connection's path. */
  files: string;
  format: FileFormat;
  /** Files are encrypted, and none that isn't is taken. */
  decryption?: Decryption;
  /** Columns that a file may lack. */
  optional: string[];
  /** In which files are taken. */
  order: "name" | "time";
  /** When a file counts as complete. Without it, at once. */
  ready?: Ready;
  /** The same bytes are never taken twice, whatever their name. */
  once: boolean;
  /** What becomes of a file once its load is settled. */
  after: After;
  /** Where the sender finds the rows that were rejected, below the connection's path. */
  rejectsFolder?: string;
  /** How old the newest file may be. */
  maxAgeMs?: number;
  place: Place;
}

/** In names `{name}` stands for the file's own name and `{stem}` for that without its endings. */
export type Ready =
  | { kind: "stable"; forMs: number }
  | { kind: "done_file"; name: string }
  | { kind: "manifest"; name: string };

type After = { kind: "leave" } | { kind: "move"; folder: string } | { kind: "delete" };

/** Records of an object, as CSV that the connector fetches or writes. */
export interface ObjectSource {
  kind: "object";
  connection: string;
  /** Of a database a table, or what stands for its query. */
  object: string;
  /** Of a database. */
  sql?: SqlSource;
  /** Fields to extract besides those that expressions use. */
  fields: string[];
  /** A filter in the vendor's own language. */
  where?: string;
  /** Only what changed since the last run. */
  incremental?: Incremental;
  /** Whether deleted records come as rows: as the system tells them, or as records that were taken and are not there now. */
  deletes: "ignore" | "emit" | "compare";
  /** Of the parts. */
  format: CsvFormat;
  optional: string[];
  place: Place;
}

export interface SqlSource {
  /** A SELECT, in place of a table. */
  query?: string;
  /** Columns that name a record, where the table does not say it. */
  key: readonly string[];
}

export interface Incremental {
  /** The field that tells when a record changed; the vendor's own by default. */
  cursor?: string;
  /** How far a window reaches back into the one before. The vendor's own default if not given. */
  overlapMs?: number;
  /** Where the first window starts, ISO 8601. Without it, at the beginning. */
  since?: string;
  /** After this time since all was taken last, all is taken again. */
  refreshMs?: number;
  place: Place;
}

export interface StreamTarget {
  connection: string;
  /** The object, or table; of a file target the file's name. */
  object: string;
  isTable?: true;
  /** Of a table that is not there: it is made. */
  createsTable?: true;
  /** Target fields. At least one, but for mode replace. */
  key: string[];
  /** The target itself does not tell records apart by the key, so that new ones are inserted: known once it is open. */
  isMatched?: true;
  /** What an earlier run wrote is taken back: the mode is that run's. */
  undoes?: true;
  mode: Mode;
  /** Through the vendor's bulk endpoint, however few records there are. */
  via?: "bulk";
  batch: { rows?: number; bytes?: number };
  /** A mapped field: a record without a key that agrees in it is taken for the row's, and gets the key. */
  adoptBy?: string;
  /** Of a file target. */
  format?: WrittenFormat;
  /** The file is encrypted. */
  encryption?: Encryption;
  /** Only records of which it is true are touched: SQL over their present fields, or a filter in the vendor's language. */
  where?: Expression;
  /** A filter in the vendor's language: what mode mirror may delete. */
  scope?: string;
  /** Whether present values are kept from run to run, where they can be, and how long; undefined: they are. */
  present?: "read" | { maxAgeMs: number };
  /** Records are deleted for good, past the recycle bin. */
  hardDelete: boolean;
  /** The id of the rule that gives new records an owner. */
  assignmentRule?: string;
  /** Of a file: what is written beside it once it is there, with `{name}` for its name. */
  beside?: Beside;
  place: Place;
}

/** By OpenPGP; of a source. */
export interface Decryption {
  privateKeyFile: KeyReference;
  passphrase?: KeyReference;
  /** Of the senders: files must be signed by one of them. */
  verifyKeyFile?: KeyReference;
}

/** By OpenPGP; of a file target. */
export interface Encryption {
  recipientKeyFile: KeyReference;
  /** Signs what is written. */
  signKeyFile?: KeyReference;
  passphrase?: KeyReference;
}

/** A key file, or a passphrase. */
export interface KeyReference extends Reference {
  /** Of a file: another one is another job. */
  written?: string;
  place: Place;
}

export interface Beside {
  /** An empty file that says that the other one is complete. */
  doneFile?: string;
  /** A file that lists it: name, rows, bytes, sha256. */
  manifest?: string;
}

export interface MappedField {
  /** A field of the target's object, or `Relation.External_Id` where the system resolves it. */
  target: string;
  expression: Expression;
  onNull: OnNull;
  /** Where the job itself says so. */
  onNullPlace?: Place;
  policy: Policy;
  /** With policy newest: the time that the value is from. Of an API without it, when the record changed. */
  newestBy?: Expression;
  /** It is mapped and checked, and in no plan. */
  own?: false;
  /** How digits that the field has no room for are rounded; without it, the row is a reject. */
  round?: Rounding;
  /** An association that takes the place of those that the record has; undefined: it is added. Its place in the YAML. */
  replaces?: Place;
  /** The value is the key of a record that `stream` of this job loads; the field gets that record's id. */
  parent?: ParentField;
  /** Where the value is found. `expression` is the first of what is looked up. */
  lookup?: Lookup;
  /** Of the key in the YAML. */
  targetPlace: Place;
}

interface ParentField {
  /** Of this job; its key names the parent. */
  stream: string;
  /** What becomes of a row without the parent: a reject, or kept until a run finds the parent. */
  miss: "reject" | "later";
  /** The field as the job names it, which the target resolves by another name. */
  field: string;
}

/** The key fields of a stream by name; none where the job has no such stream. */
export function keyOf({ streams }: Pick<Job, "streams">, stream: string): readonly string[] {
  return streams.find(({ name }) => name === stream)?.target.key ?? [];
}

/** Target fields of a stream whose values are never shown, in small letters, by every name that they go by. */
export function redactedFields(
  { redact }: Pick<Job, "redact">,
  { fields, madeFor }: Pick<Stream, "fields" | "madeFor">,
): Set<string> {
  if (madeFor?.isHidden === true) return new Set(fields.map(({ target }) => target.toLowerCase()));
  const written = new Set(redact.map((name) => name.toLowerCase()));
  const resolved = fields.filter(({ parent }) => parent !== undefined && written.has(parent.field.toLowerCase()));
  return new Set([...written, ...resolved.map(({ target }) => target.toLowerCase())]);
}

/** How a field's values are read; those of the job itself without the stream. */
export function readingOf(
  { timezone, onAmbiguousTime = "reject" }: Job,
  { round }: MappedField,
  stream?: Pick<Stream, "source">,
): Reading {
  const format = stream?.source.format;
  const tellsEmpty = format?.type === "csv" && format.tellsNull === true;
  return {
    timezone,
    onAmbiguousTime,
    ...(round === undefined ? {} : { round }),
    ...(tellsEmpty ? { tellsEmpty: true as const } : {}),
  };
}

/** A system of connections.yaml; its connector knows more of it. */
export interface Connection {
  name: string;
  type: string;
  /** What it leads to: files, objects with records, or tables of a database. */
  holds: "files" | "objects" | "tables";
  /** Loads want an approved plan or `--yes`. */
  protected: boolean;
  /** Parents that a stream maps are added to those that a record has: several streams may do so. */
  addsParents?: true;
  /** Why a text can't be a filter in its language, as far as the text alone tells. */
  explainFilter?(text: string): string | undefined;
  /** The local folder that it is, absolute. Reading it throws a Failure (exit 2) if it holds a reference to an unset variable. */
  readonly path?: string;
  place: Place;
}

/** How a run ended, as far as somebody may want to hear of it. */
export type NotifyEvent = "failure" | "guard" | "rejects" | "drift" | "recovered" | "success";

export interface Notice {
  when: readonly NotifyEvent[];
  to: NoticeReceiver;
  place: Place;
}

export type NoticeReceiver =
  | { kind: "webhook"; url: OptionalReference; secret?: OptionalReference }
  | { kind: "slack" | "teams"; url: OptionalReference }
  | MailReceiver;

export interface MailReceiver {
  kind: "email";
  to: readonly OptionalReference[];
  from: OptionalReference;
  smtp: OptionalReference;
  auth?: { user: OptionalReference; password: OptionalReference };
}

export interface LineageReceiver extends OptionalReference {
  /** Where a relative path starts. */
  folder: string;
}

/** A dead man's switch: URLs that are called as a run begins and ends. */
export interface Ping {
  start?: OptionalReference;
  success?: OptionalReference;
  failure?: OptionalReference;
}

/** A value of which `${NAME:-}` says that it may be nothing. */
export interface OptionalReference extends Reference {
  isNobody(environment: Environment): boolean;
  place: Place;
}

/** The variables that references are resolved with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value of connections.yaml that is known only when it is needed. */
export interface Reference {
  /** Throws a Failure (exit 2) that names the variable or file, the place in the YAML and what to set. */
  resolve(environment: Environment): Secret;
}
