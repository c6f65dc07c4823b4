// How the changes of a plan are to be written: each action by the way that the target chooses for so many rows.

import type { Target } from "../../contract/target.ts";
import type { WayChoice } from "../../contract/ways.ts";
import type { Action, ObjectSchema, Operation, StreamCounts } from "../../core/model.ts";
import { type Stream, type StreamTarget, writesFile } from "../../job/job.ts";
import { followsSource, replacesTable } from "../../job/mode.ts";
import { plannedSchemas, type WrittenStream } from "../compile/compiled-stream.ts";
import type { PlannedWays } from "../run/context.ts";

/** In loading order. */
export const actions: readonly Action[] = ["undelete", "create", "update", "delete"];

export function chooseWays(
  target: Target,
  compiled: WrittenStream,
  counts: StreamCounts,
  callsLeft: number,
): PlannedWays {
  const { stream, schema } = compiled;
  const rows = rowsByAction(counts);
  const { assignmentRule, batch, via } = stream.target;
  const chosen: [Action, WayChoice][] = actions
    .filter((action) => rows[action] > 0)
    .map((action) => {
      const operation = operationOf(action, stream.target);
      const externalId = externalIdOf(operation, stream.target, target, schema);
      const choice = target.chooseWay({
        schema,
        operation,
        ...(externalId === undefined ? {} : { externalId }),
        ...(assignmentRule === undefined ? {} : { assignmentRule }),
        rows: rows[action],
        streamRows: actions.reduce((sum, one) => sum + rows[one], 0),
        fields: plannedSchemas(compiled),
        callsLeft,
        ...(via === undefined ? {} : { via }),
        ...(batch.rows === undefined ? {} : { batchRows: batch.rows }),
      });
      return [action, choice];
    });
  return new Map(chosen);
}

/** Rows that a plan writes. */
export function rowsByAction({
  creates,
  undeletes,
  updates,
  deletes,
  mirrorDeletes,
}: StreamCounts): Record<Action, number> {
  return { undelete: undeletes, create: creates - undeletes, update: updates, delete: deletes + mirrorDeletes };
}

/** "creates by collections, deletes in bulk for good"; null where there is nothing to write, or no choice. */
export function describeWays(ways: PlannedWays, { hardDelete, mode, isTable }: StreamTarget): string | null {
  if (mode === "delta" || (mode === "replace" && isTable !== true)) return null;
  const parts = [...ways].map(
    ([action, { how }]) => `${action}s ${how}${action === "delete" && hardDelete ? " for good" : ""}`,
  );
  return parts.length === 0 ? null : parts.join(", ");
}

/**
 * Creates go by key where the mode has one, so that sending them again finds the record that is there already. Several
 * fields are no key to the target: what the plan did not find by them is inserted, and never sent twice.
 */
export function operationOf(action: Action, { hardDelete, ...target }: StreamTarget): Operation {
  const { mode } = target;
  if (target.undoes === true) return action === "create" ? "insert" : action;
  if (replacesTable(target)) return "replace";
  if (mode === "history") return action === "create" ? "upsert" : action;
  if (action === "create") return mode === "insert" || writesFile(mode) || isMatchedByUs(target) ? "insert" : "upsert";
  return action === "delete" && hardDelete ? "hardDelete" : action;
}

/** Whether the target itself does not tell records apart by the key. */
export function isMatchedByUs({ key, isMatched }: Pick<StreamTarget, "key" | "isMatched">): boolean {
  return key.length > 1 || isMatched === true;
}

/** The field by which the target itself tells a new record from one that it has. */
export function externalIdOf(
  operation: Operation,
  { key }: StreamTarget,
  { capabilities }: Target,
  schema: ObjectSchema,
): string | undefined {
  const [first = "", ...others] = key;
  if (operation === "upsert") return first;
  const isUnique = others.length === 0 && schema.fields.get(first)?.externalId === true;
  return operation === "insert" && capabilities.insertsByKey === true && isUnique ? first : undefined;
}

/**
 * Whether a batch is looked at again also by the run that planned it: what it does can't be undone, it would touch
 * a record that `target.where` keeps from being touched, write what a policy keeps from being written, or make a second record where several fields are the key.
 */
export function isLookedAtAgain({ target, fields, twoWay }: Stream, { operation }: { operation: Operation }): boolean {
  if (twoWay !== undefined && operation !== "insert") return true;
  if (target.where !== undefined && operation !== "insert" && operation !== "upsert") return true;
  if (operation === "delete" || operation === "hardDelete") return followsSource(target.mode) && target.undoes !== true;
  if (operation === "insert") return target.mode !== "insert" || target.undoes === true;
  const isKept = target.adoptBy !== undefined || fields.some(({ policy }) => policy !== "overwrite");
  return operation === "upsert" && isKept;
}
