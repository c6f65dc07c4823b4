// Writing rows of one shape: insert, update or upsert through the same checks, whichever API they came by.
// In: the columns, then row after row (undefined = not given, null = clear, text = a value). Out: the record's id and
// whether it was created, or a RowError. Must hold: every check of a row comes before its first write, so a refused
// row leaves nothing behind; callers hold the transaction.

import { identifier } from "../../../core/sql.ts";
import type { StatementSync } from "../../../core/sqlite.ts";
import { now } from "../../clock.ts";
import type { FaultAction } from "../../faults.ts";
import type { Field } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { RowError } from "../errors.ts";
import { type Org, userId } from "../org.ts";
import { keyOf, type Stored } from "../store.ts";
import { refuseWithout } from "./access.ts";
import { requireLive, rowCheck, type StoredRow } from "./checks.ts";
import { type Column, duplicateKey, keyLookup } from "./columns.ts";
import { defaultRecordType } from "./record-types.ts";

export type RowValue = string | null | undefined;

export interface Written {
  id: string;
  created: boolean;
}

export interface RowWriter {
  /** Writes one row. Throws a RowError when Salesforce would refuse it. */
  write(values: readonly RowValue[], fault?: RowFault): Written;
  /** Says that a new chunk of at most 200 rows starts: within one, an external id may come once. */
  startChunk(): void;
}

/**
 * What a fault does to a row that is written. In a real org a long transaction becomes visible with stamps that a reader
 * has already passed: the row is stamped earlier than now, and is not there for readers until it is committed.
 */
export type RowFault = Pick<FaultAction, "rowError" | "backdate_ms" | "commit_late_ms">;

export interface WriterOptions {
  operation: "insert" | "update" | "upsert";
  /** The key of an upsert: an external id field, a field with idLookup, or Id. */
  key?: Field;
}

const statementsKept = 256;

export function rowWriter(
  org: Org,
  object: SalesforceObject,
  columns: readonly Column[],
  options: WriterOptions,
): RowWriter {
  const find = finder(org, object, columns, options);
  const check = rowCheck(org, object, columns);
  const insert = inserter(org, object, columns);
  const update = updater(org, object, columns);
  let timestamp = salesforceNow();
  return {
    startChunk() {
      timestamp = salesforceNow();
      find.startChunk();
    },
    write(values, fault = {}) {
      const stamp = stampOf(fault, timestamp);
      const stored = columns.map((column, index) => {
        const value = values[index];
        return typeof value === "string" ? column.read(value) : value;
      });
      const id = find.target(stored);
      refuseWithout(object, id === undefined ? "insert" : "update");
      check(stored, id);
      const write = (): Written => {
        if (id === undefined) return { id: insert(stored, stamp), created: true };
        update(stored, id, stamp);
        return { id, created: false };
      };
      return fault.commit_late_ms === undefined ? write() : org.late.hide(object, id, write);
    },
  };
}

function stampOf({ backdate_ms, commit_late_ms }: RowFault, timestamp: string): string {
  const earlier = (backdate_ms ?? 0) + (commit_late_ms ?? 0);
  return earlier === 0 ? timestamp : salesforceTime(new Date(now().getTime() - earlier));
}

/** The present moment as Salesforce stamps it: whole seconds. */
export function salesforceNow(): string {
  return salesforceTime(now());
}

function salesforceTime(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}.000Z`;
}

// ---- which record a row means ----

interface Finder {
  target(stored: StoredRow): string | undefined;
  startChunk(): void;
}

function finder(org: Org, object: SalesforceObject, columns: readonly Column[], options: WriterOptions): Finder {
  const key = options.operation === "update" ? object.field("Id") : options.key;
  if (options.operation === "insert" || key === undefined)
    return { target: () => undefined, startChunk: () => undefined };
  const place = columns.findIndex((column) => column.field === key && !column.header.includes("."));
  if (key.name === "Id") return idFinder(org, object, place, options.operation);
  const lookup = keyLookup(org, object, key);
  const seen = new Set<Stored>();
  return {
    startChunk: () => seen.clear(),
    target(stored) {
      const value = stored[place];
      if (value === undefined || value === null)
        throw new RowError("MISSING_ARGUMENT", `${key.name} not specified`, [key.name]);
      const wanted = keyOf(key, value);
      if (seen.has(wanted))
        throw new RowError("DUPLICATE_VALUE", `Duplicate external id specified: ${value}`, [key.name]);
      seen.add(wanted);
      const ids = lookup.all(wanted).map(([id]) => id);
      if (ids.length > 1) throw duplicateKey(key, ids);
      return ids[0];
    },
  };
}

function idFinder(org: Org, object: SalesforceObject, place: number, operation: "update" | "upsert"): Finder {
  const refuseLost = requireLive(org, object);
  return {
    startChunk: () => undefined,
    target(stored) {
      const id = stored[place];
      if (typeof id !== "string") {
        if (operation === "upsert") return undefined;
        throw new RowError("MISSING_ARGUMENT", "Id not specified in an update call");
      }
      refuseLost(id);
      return id;
    },
  };
}

// ---- the writes themselves ----

function inserter(
  org: Org,
  object: SalesforceObject,
  columns: readonly Column[],
): (stored: StoredRow, timestamp: string) => string {
  const given = columns.map(({ field }, index) => ({ field, index })).filter(({ field }) => field.createable);
  const missing = storedFields(org, object).filter(
    (field) =>
      field.defaultValue !== undefined &&
      field.expression === undefined &&
      !given.some((column) => column.field.name === field.name),
  );
  const defaults = orgDefaults(org, object);
  const filled = [...defaults].filter(([name]) => !given.some(({ field }) => field.name === name));
  const system = [
    "serial",
    "Id",
    "CreatedDate",
    "LastModifiedDate",
    "SystemModstamp",
    "CreatedById",
    "LastModifiedById",
  ];
  const names = [
    ...system,
    ...given.map(({ field }) => field.name),
    ...missing.map((field) => field.name),
    ...filled.map(([name]) => name),
  ];
  const usual = missing.map((field) => field.defaultValue ?? null);
  const statement = org.store.database.prepare(
    `INSERT INTO ${identifier(object.name)} (${names.map(identifier).join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
  );
  return (stored, timestamp) => {
    const { serial, id } = org.store.nextId(object);
    const values: Stored[] = [serial, id, timestamp, timestamp, timestamp, userId, userId];
    for (const { field, index } of given)
      values.push(stored[index] ?? defaults.get(field.name)?.(id) ?? field.defaultValue ?? null);
    values.push(...usual);
    for (const [, value] of filled) values.push(value(id));
    statement.run(...values);
    return id;
  };
}

// The user need not see a field for the org to fill it.
function storedFields(org: Org, object: SalesforceObject): readonly Field[] {
  return org.catalog.storedObject(object.name)?.fields ?? [];
}

/**
 * What the org gives a new record that does not say: a custom object's record is named by its id, a record belongs to its
 * creator and gets the default record type.
 */
function orgDefaults(org: Org, object: SalesforceObject): ReadonlyMap<string, (id: string) => Stored> {
  const defaults = new Map<string, (id: string) => Stored>();
  const has = (name: string): boolean => storedFields(org, object).some((field) => field.name === name);
  if (object.custom) defaults.set("Name", (id) => id);
  if (has("OwnerId")) defaults.set("OwnerId", () => userId);
  const recordType = has("RecordTypeId") ? defaultRecordType(org, object) : null;
  if (recordType !== null) defaults.set("RecordTypeId", () => recordType);
  return defaults;
}

function updater(
  org: Org,
  object: SalesforceObject,
  columns: readonly Column[],
): (stored: StoredRow, id: string, timestamp: string) => void {
  // Blank cells differ from row to row, and so do the columns to set: one statement for each such set.
  const statements = new Map<string, { statement: StatementSync; places: number[] }>();
  const candidates = columns.flatMap(({ field }, index) => (field.updateable ? [{ field, index }] : []));
  return (stored, id, timestamp) => {
    let shape = "";
    for (const { index } of candidates) shape += stored[index] === undefined ? "0" : "1";
    let prepared = statements.get(shape);
    if (prepared === undefined) {
      const set = candidates.filter(({ index }) => stored[index] !== undefined);
      prepared = {
        statement: prepareUpdate(
          org,
          object,
          set.map(({ field }) => field),
        ),
        places: set.map(({ index }) => index),
      };
      if (statements.size >= statementsKept) statements.clear();
      statements.set(shape, prepared);
    }
    const values = prepared.places.map((index) => stored[index] ?? null);
    prepared.statement.run(timestamp, timestamp, userId, ...values, id);
  };
}

function prepareUpdate(org: Org, object: SalesforceObject, fields: readonly Field[]): StatementSync {
  const names = ["LastModifiedDate", "SystemModstamp", "LastModifiedById", ...fields.map((field) => field.name)];
  const set = names.map((name) => `${identifier(name)} = ?`).join(", ");
  return org.store.database.prepare(`UPDATE ${identifier(object.name)} SET ${set} WHERE "Id" = ?`);
}
