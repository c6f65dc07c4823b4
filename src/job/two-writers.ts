// Streams of one job that write into one object. What must hold: a field of a record has one writer, else each run undoes
// what the other stream wrote; and a record has one maker, else a stream is planned on records that are not there yet.
// Refused by name, unless the streams can't meet: they take rows of one source that exclude each other, or their keys
// begin with different constants.

import { type Diagnostic, diagnosticsFailure } from "./diagnostics.ts";
import { type Connection, type Job, type MappedField, type Stream, writesFile } from "./job.ts";
import { followsSource, makesAndChanges } from "./mode.ts";

/**
 * Throws a Failure (exit 2) that names the streams, and the field or the key that they share. `systemOf`: what a connection
 * leads to, once that is known; two may lead to one org.
 */
export function refuseTwoWriters(
  { streams }: Job,
  connections: ReadonlyMap<string, Connection>,
  systemOf: (connection: string) => string = (name) => name,
): void {
  const problems: Diagnostic[] = [];
  for (const [index, later] of streams.entries()) {
    const addsParents = connections.get(later.target.connection)?.addsParents === true;
    for (const earlier of streams.slice(0, index)) {
      if (!isOneObject(earlier, later, systemOf)) continue;
      const problem = findSharedFile(earlier, later) ?? findSharedRow(earlier, later, addsParents);
      if (problem !== undefined) problems.push({ place: later.place, length: later.name.length, ...problem });
    }
  }
  if (problems.length > 0) throw diagnosticsFailure(problems);
}

function findSharedRow(earlier: Stream, later: Stream, addsParents: boolean): Problem | undefined {
  if (areApart(earlier, later)) return findDeletedRecords(earlier, later) ?? findDeletedRecords(later, earlier);
  return findSharedField(earlier, later, addsParents) ?? findSharedRecords(earlier, later);
}

function findSharedFile(earlier: Stream, later: Stream): Problem | undefined {
  if (!writesFile(earlier.target.mode) || !writesFile(later.target.mode)) return undefined;
  return {
    message: `streams ${earlier.name} and ${later.name} both write ${later.target.object} anew: the later takes the place of the earlier`,
    next: "give each a file of its own",
  };
}

export function isOneObject(
  { target: left }: Stream,
  { target: right }: Stream,
  systemOf: (name: string) => string,
): boolean {
  const isOneSystem = systemOf(left.connection) === systemOf(right.connection);
  return isOneSystem && left.object.toLowerCase() === right.object.toLowerCase();
}

interface Problem {
  message: string;
  next: string;
}

function findSharedField(earlier: Stream, later: Stream, addsParents: boolean): Problem | undefined {
  if (!mayUpdate(earlier) || !mayUpdate(later)) return undefined;
  const keys = [...earlier.target.key, ...later.target.key].map(foldField);
  for (const field of later.fields) {
    const isAdded = (one: MappedField) =>
      one.replaces === undefined && (one.parent !== undefined || one.target.includes("."));
    if (field.own === false) continue;
    const other = earlier.fields.find(
      ({ target, own }) => own !== false && foldField(target) === foldField(field.target),
    );
    if (addsParents && isAdded(field) && (other === undefined || isAdded(other))) continue;
    if (other === undefined || keys.includes(foldField(field.target)) || comesToRest(field, other)) continue;
    return {
      message: `streams ${earlier.name} and ${later.name} both write ${field.target} of ${later.target.object}: where they meet, each run undoes what the other has written`,
      next: "map it in one of them; or let one only fill it (policy: fill_empty) or set it in new records (create_only)",
    };
  }
  return undefined;
}

function mayUpdate({ target: { mode } }: Stream): boolean {
  return mode === "update" || makesAndChanges(mode);
}

/** What only fills or creates leaves the other's value alone, unless that one empties what was filled. */
function comesToRest(left: MappedField, right: MappedField): boolean {
  const policies = [left.policy, right.policy];
  if (policies.includes("create_only")) return true;
  const overwriting = [left, right].filter(({ policy }) => policy === "overwrite");
  return overwriting.length < 2 && overwriting.every(({ onNull }) => onNull !== "clear");
}

/** A lookup by its own name and by its parent's key is one field: `AccountId`, `Account.Ext__c`. */
function foldField(name: string): string {
  const [relation = "", key] = name
    .toLowerCase()
    .replace(/^[^:.]+:/, "")
    .split(".");
  if (key === undefined) return relation;
  return relation.endsWith("__r") ? relation.replace(/__r$/, "__c") : `${relation}id`;
}

function findSharedRecords(earlier: Stream, later: Stream): Problem | undefined {
  const isMade = isMaker(earlier) && isMaker(later);
  const [key = "", ...others] = later.target.key;
  const isOneKey = others.length === 0 && earlier.target.key.length === 1 && earlier.target.key[0] === key;
  // By another key, a record that has both would not be found before it is there.
  const isFound = maps(earlier, later.target.key) || maps(later, earlier.target.key);
  // Two inserts make records of their own.
  if (!isMade || !(isOneKey || isFound) || (earlier.target.mode === "insert" && later.target.mode === "insert"))
    return undefined;
  return {
    message: `streams ${earlier.name} and ${later.name} both make records of ${later.target.object}${isOneKey ? ` by ${key}` : ""}: one that both have would be made twice`,
    next: [earlier, later].some(({ madeFor }) => madeFor !== undefined)
      ? `load all ${later.target.object} by one stream, which the others name as their parent, in place of miss: create`
      : "take mode update in one of them, or load it by a job of its own",
  };
}

/** A mirror without a scope deletes what its own source lacks, and so all that another stream makes by its key. */
function findDeletedRecords(mirror: Stream, other: Stream): Problem | undefined {
  const { mode, scope, where, key, object } = mirror.target;
  // A source with `keep` is never whole, so that nothing is deleted by it.
  if (!followsSource(mode) || scope !== undefined || where !== undefined || mirror.keep !== undefined) return undefined;
  if (!isMaker(other) || !maps(other, key)) return undefined;
  return {
    message: `stream ${mirror.name} deletes the records of ${object} that stream ${other.name} makes: they have a ${key.join(", ")} that its own source lacks`,
    next: `say by target.scope which records are those of ${mirror.name}`,
  };
}

function isMaker({ target: { mode } }: Stream): boolean {
  return mode === "insert" || makesAndChanges(mode);
}

function maps({ fields }: Stream, key: readonly string[]): boolean {
  return key.length > 0 && key.every((name) => fields.some(({ target }) => foldField(target) === foldField(name)));
}

/** Whether the streams' rows can't be of one record. */
export function areApart(left: Stream, right: Stream): boolean {
  return takeOtherRows(left, right) || haveOtherKeys(left, right);
}

function takeOtherRows(left: Stream, right: Stream): boolean {
  if (left.source.connection !== right.source.connection || takenBy(left) !== takenBy(right)) return false;
  const others = readConditions(right);
  return readConditions(left).some((one) => others.some((other) => exclude(one, other)));
}

function takenBy({ source }: Stream): string {
  return source.kind === "object" ? `object ${source.object.toLowerCase()}` : `files ${source.files}`;
}

interface Condition {
  subject: string;
  /** `=` and `<>` with a constant, or the two ends of a yes and a no. */
  is: "=" | "<>" | "yes" | "no" | "null" | "not null";
  value?: string;
}

/** The conditions that all must hold; none where `keep` is anything but plain conditions joined by AND. */
function readConditions({ keep }: Stream): Condition[] {
  const sql = keep?.sql.trim() ?? "";
  if (sql === "" || /[()]|\bOR\b|--|\/\*|\bBETWEEN\b|\bCASE\b/i.test(sql)) return [];
  return sql.split(/\s+AND\s+/i).flatMap((part) => readCondition(part.trim()) ?? []);
}

function readCondition(text: string): Condition | undefined {
  const groups = (pattern: RegExp) => pattern.exec(text)?.groups;
  const nulled = groups(/^(?<name>"[^"]+"|\w+) IS (?<not>NOT )?NULL$/i);
  if (nulled !== undefined)
    return { subject: fold(nulled["name"]), is: nulled["not"] === undefined ? "null" : "not null" };
  const compared = groups(/^(?<name>"[^"]+"|\w+)\s*(?<sign>=|<>|!=)\s*(?<value>'[^']*'|\d+)$/);
  if (compared !== undefined)
    return {
      subject: fold(compared["name"]),
      is: compared["sign"] === "=" ? "=" : "<>",
      value: compared["value"] ?? "",
    };
  const flag = groups(/^(?<not>NOT )?(?<name>"[^"]+"|\w+)$/i);
  return flag === undefined ? undefined : { subject: fold(flag["name"]), is: flag["not"] === undefined ? "yes" : "no" };
}

function fold(name: string | undefined): string {
  return (name ?? "").replaceAll('"', "").toLowerCase();
}

function exclude(left: Condition, right: Condition): boolean {
  if (left.subject !== right.subject) return false;
  const both = new Set([left.is, right.is]);
  if (both.has("yes") && both.has("no")) return true;
  if (both.has("null") && (both.has("not null") || both.has("=") || both.has("<>"))) return true;
  if (left.is === "=" && right.is === "=") return left.value !== right.value;
  return both.has("=") && both.has("<>") && left.value === right.value;
}

/** Keys of one field that begin with different constants: `'C-' || id` and `'V-' || id`. */
function haveOtherKeys(left: Stream, right: Stream): boolean {
  const [key] = left.target.key;
  if (key === undefined || right.target.key[0] !== key) return false;
  const [one, other] = [left, right].map((stream) => startOfKey(stream, key)?.toLowerCase());
  return one !== undefined && other !== undefined && !one.startsWith(other) && !other.startsWith(one);
}

function startOfKey({ fields }: Stream, key: string): string | undefined {
  const sql = fields.find(({ target }) => target === key)?.expression.sql ?? "";
  // A second operator could be anything: only a plain chain of || is one text.
  return /^'(?<start>[^'\s][^']*)'(?:\s*\|\|\s*(?:"[^"]+"|\w+|'[^']*'))+$/.exec(sql.trim())?.groups?.["start"];
}
