// A plan as it is shown: to people (plan-view.ts) and in CI (markdown.ts). In: what pipeline/tools/read-plan.ts gathers.
// What must hold: a field that the job redacts is hidden before a view sees it, also where it is the record's key.

import type { Action, StreamCounts } from "../core/model.ts";
import { describeForecast, type LoadForecast } from "./forecast.ts";
import type { RejectReason } from "./reject-reasons.ts";

export interface PlanReport {
  run: string;
  job: string;
  streams: readonly PlannedStream[];
  /** What would stop a run of this plan, a sentence each. */
  objections: readonly string[];
  /** What earlier runs have left undone, a sentence each. */
  waiting: readonly string[];
  /** What the load would take, an entry a connection. */
  forecasts: readonly LoadForecast[];
  /** What the plan took, by connection. */
  apiCalls: Readonly<Record<string, number>>;
  /** The run folder; null for a plan that came in a file. */
  folder: string | null;
  /** The command that loads what the plan shows. */
  next: string;
}

export interface PlannedStream {
  name: string;
  connection: string;
  org: string;
  object: string;
  mode: string;
  /** Target fields that tell records apart. */
  key: readonly string[];
  counts: StreamCounts;
  /** How the target's present values were read. */
  how: string | null;
  /** How its changes are to be written; null where there are none. */
  writes: string | null;
  /** What a person should know of it, a sentence each. */
  notes: readonly string[];
  /** Why rows were rejected, the most frequent first, ten at most. */
  rejectReasons: readonly RejectReason[];
  /** What rules of severity `warn` say of rows that load, likewise. */
  warned?: readonly RejectReason[];
  /** Rows that break a rule of severity `warn`, or of which there is something to remark. */
  warnings: number;
  /** Target fields whose values are never shown. */
  redact: readonly string[];
  changes: readonly PlannedChange[];
}

/** One of the first rows of a plan. */
export interface PlannedChange {
  action: Action;
  /** Null for a record without one. */
  key: Value;
  /** The target's id; null for a create. */
  id: string | null;
  /** What is written; for a delete, what is lost. */
  fields: readonly FieldChange[];
}

export interface FieldChange {
  field: string;
  before: Value;
  after: Value;
}

/** Stands for a value that must not be shown. */
export const hidden = Symbol("hidden");

export type Value = string | null | typeof hidden;

/** The stream's changes without the values that `redact` names. */
export function shownChanges({ changes, key, redact }: PlannedStream): PlannedChange[] {
  const redacted = new Set(redact.map((name) => name.toLowerCase()));
  return changes.map(hideRedacted((field) => redacted.has(field.toLowerCase()), key));
}

/** Takes the values of hidden fields out of changes of a stream with this key. That a field is blank is not hidden. */
export function hideRedacted<Change extends PlannedChange>(
  isHidden: (field: string) => boolean,
  key: readonly string[],
): (change: Change) => Change {
  const keyIsHidden = key.some(isHidden);
  const hide = (value: Value): Value => (value === null ? null : hidden);
  return (change) => ({
    ...change,
    key: keyIsHidden ? hide(change.key) : change.key,
    fields: change.fields.map((field) =>
      isHidden(field.field) ? { field: field.field, before: hide(field.before), after: hide(field.after) } : field,
    ),
  });
}

/** What names a record to a person: its key, or its id where the key is blank or hidden. */
export function recordName({ key, id }: PlannedChange): Value {
  return (key === null || key === hidden) && id !== null ? id : key;
}

/** How many records the plan would change by each action, over the streams given. */
export function countActions(streams: readonly { counts: StreamCounts }[]): Record<Action | "unchanged", number> {
  const sum = (count: (counts: StreamCounts) => number) =>
    streams.reduce((total, { counts }) => total + count(counts), 0);
  return {
    undelete: sum(({ undeletes }) => undeletes),
    create: sum(({ creates, undeletes }) => creates - undeletes),
    update: sum(({ updates }) => updates),
    delete: sum(({ deletes, mirrorDeletes }) => deletes + mirrorDeletes),
    unchanged: sum(({ unchanged }) => unchanged),
  };
}

/** "210 to create, 1,402 to update, 16,580 unchanged": what is zero is left out. */
export function describeActions(
  counts: Record<Action | "unchanged", number>,
  show: (count: number) => string,
): string[] {
  const parts: [number, string][] = [
    [counts.undelete, "to undelete"],
    [counts.create, "to create"],
    [counts.update, "to update"],
    [counts.delete, "to delete"],
    [counts.unchanged, "unchanged"],
  ];
  return parts.filter(([count]) => count > 0).map(([count, what]) => `${show(count)} ${what}`);
}

/** A sentence for each connection that would be written to. */
export function forecastSentences({ forecasts, apiCalls }: PlanReport): string[] {
  const written = forecasts.filter(({ calls }) => calls > 0);
  return written.map((forecast) => describeForecast(forecast, written.length === 1, apiCalls));
}
