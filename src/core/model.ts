// The nouns that the steps hand to each other: schemas, parts, plan counts. Plain data only.

/** What loadline needs to know of a field's type; each connector maps its vendor's types onto these. */
export type FieldKind = "text" | "number" | "integer" | "boolean" | "date" | "datetime" | "time" | "reference" | "id";

export interface FieldSchema {
  name: string;
  label: string;
  kind: FieldKind;
  /** The vendor's own type name, for messages. */
  vendorType: string;
  /** Longest value in characters, where the target limits it. */
  maxLength?: number;
  /** Digits after the decimal point that the target stores. */
  scale?: number;
  /** Digits before the decimal point that it takes at most. */
  wholeDigits?: number;
  /** Whole numbers that it takes, as text: a JavaScript number would not hold them all. */
  range?: { min: string; max: string };
  /** The target checks that it is an email address. */
  isAddress?: true;
  /** False where a value can be changed and not taken away. */
  clearable?: false;
  createable: boolean;
  updateable: boolean;
  /** What lets this user write it, where it is the user who may not, and a statement does. */
  grant?: string;
  /** Why nobody writes it, to follow its name, and what to do in place of that. */
  readOnly?: { why: string; next: string };
  nillable: boolean;
  defaultedOnCreate: boolean;
  /** May serve as `target.key`: an external id or unique lookup field. */
  externalId: boolean;
  unique: boolean;
  caseSensitive: boolean;
  referenceTo: string[];
  /** Of an id or a lookup: what ids of these objects begin with, where that is known. */
  idPrefixes?: string[];
  relationshipName?: string;
  /** It tells the records of a stream apart, so that what is invisible at its ends is no part of its value. */
  isKey?: true;
  /** Its value comes from others, by a formula: it changes without a change of the record. */
  derived?: true;
  /** `blank` where its present value can't be read, and so not be compared, but only whether it has one. */
  readable?: "blank";
  /** Of a name such as `Account.Ext__c`: the object whose record it names, and by which of its fields. */
  lookup?: { object: string; key: string };
  /** Where a record does not show the value itself: its field that holds the id of the record that is named. */
  comparedBy?: string;
  /** Of the lookup that says a record's type: the ids of the types that this user may give, by their names. */
  recordTypes?: ReadonlyMap<string, string>;
  /** Where the target takes an id for the value: the field that is written, and the ids by value. */
  written?: { field: string; ids: ReadonlyMap<string, string> };
  picklist?: Picklist;
  /** Of a time: fractions of its second are not kept. */
  wholeSeconds?: true;
  /** Moves forward through its picklist only: to go back it is emptied first, by a call of its own. */
  forwardOnly?: true;
  /** A record may have several values, in text joined by `severalSeparator`; what is mapped is one that it must have. */
  several?: true;
  /** Of several values one is chosen: naming another moves it there. */
  one?: true;
}

/** What may be chosen. */
export interface Picklist {
  values: string[];
  /** Other values are refused. */
  restricted: boolean;
  /** What people call the values, where the target takes these too. */
  labels?: ReadonlyMap<string, string>;
  /** Known, and not to be chosen. */
  inactive?: string[];
  /** They are users, who come and go. */
  users?: true;
  /** Values that differ only in case are one, also those that are not in the list. */
  caseless?: true;
}

export const severalSeparator = "\u001f";

/** Among several values: a record that lacks the property which tells it apart; its id follows. */
export const unnamedMark = "\u001e";

/** Whether a record can't be made without a value for the field. */
export function isRequired({ createable, nillable, defaultedOnCreate }: FieldSchema): boolean {
  return createable && !nillable && !defaultedOnCreate;
}

/** An object of a system, as its list of objects has it. */
export interface ObjectSummary {
  name: string;
  /** Of a database that has schemas. */
  schema?: string;
  label: string;
  createable: boolean;
  updateable: boolean;
  deletable: boolean;
  queryable: boolean;
  custom: boolean;
}

export interface ObjectSchema {
  object: string;
  label: string;
  /** What this user may do with its records. */
  createable: boolean;
  updateable: boolean;
  deletable: boolean;
  fields: Map<string, FieldSchema>;
  /** Of a table: the columns that name its rows. */
  key?: readonly string[];
  /** Why one of these is not so, where it is not for this user to be let. */
  unable?: string;
  /** What lets this user, where a statement does: GRANT INSERT ON … TO … */
  grants?: Partial<Record<"createable" | "updateable" | "deletable", string>>;
  /** A record that was deleted can be brought back for a time, with its id. */
  undeletable?: true;
  /** Whose records go with a record of this object when it is deleted; absent where the system knows nothing of the kind. */
  cascades?: ChildLink[];
}

/** A lookup of another object that makes its records children. */
export interface ChildLink {
  object: string;
  field: string;
  /** Where it holds columns of its parent rather than an id: all of its fields, `field` first, each with what it holds. */
  by?: readonly { field: string; parent: string }[];
  /** The child does not go: its fields are emptied, or get their defaults. */
  stays?: "empty" | "default";
  /** Of its fields those, where not all of them are. */
  emptied?: readonly string[];
  /** So it is whatever the user may do with the child. */
  unasked?: true;
}

/** Of a child, which name its parent. */
export function fieldsOf({ field, by }: Pick<ChildLink, "field" | "by">): string[] {
  return by?.map((one) => one.field) ?? [field];
}

/** A finished file of extracted records, as it lies in the run folder. */
export interface Part {
  /** 1-based position; parts are read in this order. */
  ordinal: number;
  /** Absolute path of the file in the run folder. */
  path: string;
  /** What a person calls it: the source file's name, or the remote page. */
  label: string;
  /** Where it came from, enough to tell whether the same bytes come again. */
  locator: string;
  bytes: number;
  sha256: string;
  compressed: boolean;
  /** Bytes were seen that strict readers read differently; such a part is read record by record. */
  suspect: boolean;
  /** Records that the sender says are in it, where it says. */
  rows: number | null;
  /** The file that it came in, with others or packed. Without it, the part is the file. */
  cameIn?: ReceivedFile;
  columns: string[];
}

/** The locator of a part of records that are taken again, for an earlier run did not settle them well. */
export const pendingLocator = "pending";

/** The locator of a part of all keys of a source, which has no rows of the stream. */
export const keysLocator = "keys";

/** Whether a part has rows of its stream. */
export function hasRecords({ locator }: Pick<Part, "locator">): boolean {
  return locator !== keysLocator;
}

/** Its first columns: what a record is, and whether it is one that the stream takes (`true`). */
export const keysColumns = ["loadline_id", "loadline_within"] as const;

/** What the locator of a part begins with that holds rows which an earlier run has kept: Parquet, whatever the format. */
const waitingLocator = "waiting for a parent";

/** The locator of the nth such part of a run's rows. */
export function locateWaiting(run: string, number: number): string {
  return `${waitingLocator} ${run} ${number}`;
}

/** The run that has kept the rows of such a part. */
export function runOfKept({ locator }: Pick<Part, "locator">): string {
  return locator.slice(waitingLocator.length + 1).split(" ")[0] ?? "";
}

export function isKeptPart({ locator }: Pick<Part, "locator">): boolean {
  return locator.startsWith(waitingLocator);
}

/** A file of a source, among those that the run takes. */
export interface ReceivedFile {
  ordinal: number;
  sha256: string;
}

export function fileOf(part: Omit<Part, "columns">): ReceivedFile {
  return part.cameIn ?? part;
}

/** `undelete`: a deleted record comes back as it was, with its id. */
export type Action = "undelete" | "create" | "update" | "delete";

/** What a batch asks the target to do with each of its rows. */
export type Operation = "insert" | "update" | "upsert" | "delete" | "hardDelete" | "undelete" | "replace";

/**
 * How a batch is written: `bulk` through a handle that is asked for its results; `collections` by calls that answer with
 * the results; `transaction` by one that remembers what it wrote.
 */
export type Way = "bulk" | "collections" | "transaction";

/** Counts of one stream, named as in the JSON summary. */
export interface StreamCounts {
  extracted: number;
  filtered: number;
  duplicates: number;
  rejected: number;
  unmatched: number;
  creates: number;
  /** Of the creates: deleted records that are brought back. */
  undeletes: number;
  updates: number;
  deletes: number;
  unchanged: number;
  conflicts: number;
  mirrorDeletes: number;
  loaded: number;
  failed: number;
  inDoubt: number;
  /** Values to be written that the last update wrote already: the target has changed them back. */
  changedBack: number;
  /** Values that the job had rounded. */
  rounded: number;
  /** Of the unmatched: rows that wait until a run finds their parent. */
  waiting: number;
}

export function noCounts(): StreamCounts {
  return {
    extracted: 0,
    filtered: 0,
    duplicates: 0,
    rejected: 0,
    unmatched: 0,
    creates: 0,
    undeletes: 0,
    updates: 0,
    deletes: 0,
    unchanged: 0,
    conflicts: 0,
    mirrorDeletes: 0,
    loaded: 0,
    failed: 0,
    inDoubt: 0,
    changedBack: 0,
    rounded: 0,
    waiting: 0,
  };
}
