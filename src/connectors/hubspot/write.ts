// One batch of loadline as calls of a hundred rows, and then the associations of the records that were written.
// What must hold: a record whose parent does not exist is not written; one that was written without its association is
// told as failed, so that it is taken up again.

import type { Batch, ResultFiles } from "../../load/target.ts";
import { type AssociatedRecords, type AssociationType, associate, findLabel } from "./associations.ts";
import { readBatchFile, type SentRow, saveAnswers } from "./batch-rows.ts";
import { type BatchWrite, type RowAnswer, writeRows } from "./batches.ts";
import type { HubSpotClient } from "./client.ts";
import type { ApiError } from "./errors.ts";
import { batchRowsMax, inGroups, inParallel, readBatch } from "./records.ts";
import type { AssociationName } from "./schema.ts";

/** Calls of one batch that are under way at once. */
const callLanes = 6;

export interface WriteContext {
  client: HubSpotClient;
  parents: AssociatedRecords;
  files: ResultFiles;
  begun: Date;
  again: boolean;
  signal: AbortSignal;
}

/** Throws CallFault. */
export async function writeBatch(batch: Batch, context: WriteContext): Promise<void> {
  const { client, files, begun, again, signal } = context;
  const file = readBatchFile(batch);
  const { present, answers } = await findParents(file.rows, context);
  const write: BatchWrite = {
    object: batch.object,
    operation: batch.operation,
    ...(batch.externalId === undefined ? {} : { key: batch.externalId }),
    begun,
    again,
    signal,
  };
  const written: RowAnswer[] = [];
  // What changes nothing but associations needs no call for its properties.
  const [empty, full] = partition(present, (row) => isEmptyUpdate(write, row));
  for (const { trace, id = "" } of empty) written.push({ trace, id, created: "" });
  const calls = inParallel(inGroups(full, batchRowsMax), callLanes, (rows) => writeRows(client, write, rows));
  for await (const group of calls) written.push(...group);
  if (batch.adopts === true && write.key !== undefined) await adoptRecords(client, write, full, written);
  answers.push(...(await makeAssociations(batch.object, present, written, context)));
  saveAnswers(file, answers, files);
}

/** Records that a create met under another address: those without a key are updated in its place. */
async function adoptRecords(
  client: HubSpotClient,
  write: BatchWrite,
  rows: readonly SentRow[],
  written: RowAnswer[],
): Promise<void> {
  const { object, key = "", signal } = write;
  const met = new Map(
    written.flatMap((answer) =>
      "error" in answer && answer.existingId !== undefined ? [[answer.trace, answer.existingId]] : [],
    ),
  );
  if (met.size === 0) return;
  const doing = `looking up ${object} that are there already`;
  const without: string[] = [];
  for (const ids of inGroups(new Set(met.values()), batchRowsMax)) {
    const found = await readBatch(client, { object, properties: [key], doing, signal }, ids);
    without.push(...found.filter(({ properties }) => !properties[key]).map(({ id }) => id));
  }
  // A record that two rows met belongs to neither.
  const owners = without.filter((id) => [...met.values()].filter((other) => other === id).length === 1);
  const adopted = rows.flatMap((row) => {
    const id = met.get(row.trace);
    return id !== undefined && owners.includes(id) ? [{ ...row, id }] : [];
  });
  for (const group of inGroups(adopted, batchRowsMax)) {
    for (const answer of await writeRows(client, { ...write, operation: "update" }, group)) {
      const at = written.findIndex(({ trace }) => trace === answer.trace);
      written[at] = answer;
    }
  }
}

function isEmptyUpdate({ operation }: BatchWrite, { properties }: SentRow): boolean {
  return operation === "update" && Object.keys(properties).length === 0;
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** Rows whose parents exist, with the parents' ids; the others answered. */
async function findParents(
  rows: readonly SentRow[],
  { parents, signal }: WriteContext,
): Promise<{ present: LinkedRow[]; answers: RowAnswer[] }> {
  const wanted = new Map<string, { name: AssociationName; keys: string[] }>();
  for (const { name, key, column } of rows.flatMap(({ associations }) => associations)) {
    const { keys } = wanted.get(column) ?? { keys: [] };
    wanted.set(column, { name, keys: [...keys, key] });
  }
  const found = new Map<string, Map<string, string>>();
  for (const [column, { name, keys }] of wanted) found.set(column, await parents.find(name, keys, signal));
  const present: LinkedRow[] = [];
  const answers: RowAnswer[] = [];
  for (const row of rows) {
    const links = row.associations.map((one) => ({ ...one, id: found.get(one.column)?.get(one.key.toLowerCase()) }));
    const missing = links.find(({ id }) => id === undefined);
    if (missing === undefined) {
      present.push({ ...row, links: links.map((link) => ({ ...link, id: link.id ?? "" })) });
    } else {
      const { name, key, column } = missing;
      const message = `no record of ${name.object} has ${name.key} "${key}"`;
      const error: ApiError = { category: "PARENT_NOT_FOUND", message, context: { propertyName: [column] } };
      answers.push({ trace: row.trace, error });
    }
  }
  return { present, answers };
}

interface LinkedRow extends SentRow {
  links: { column: string; name: AssociationName; id: string }[];
}

/** Associates what was written; an answer whose association failed becomes that failure. */
async function makeAssociations(
  object: string,
  rows: readonly LinkedRow[],
  written: readonly RowAnswer[],
  { client, signal }: WriteContext,
): Promise<RowAnswer[]> {
  const ids = new Map(written.flatMap((answer) => ("error" in answer ? [] : [[answer.trace, answer.id] as const])));
  const failures = new Map<string, { error: ApiError; column: string }>();
  const columns = new Map(rows.flatMap(({ links }) => links.map(({ column, name }) => [column, name] as const)));
  for (const [column, name] of columns) {
    const wanted = rows.flatMap(({ trace, links }) => {
      const from = ids.get(trace);
      const to = links.find((link) => link.column === column)?.id;
      return from === undefined || to === undefined ? [] : [{ from, to }];
    });
    const type: AssociationType | undefined = await findLabel(client, object, name);
    const failed = await associate(client, { from: object, to: name.object }, type, wanted, signal);
    for (const [from, error] of failed) failures.set(from, { error, column });
  }
  return written.map((answer) => {
    if ("error" in answer) return answer;
    const failure = failures.get(answer.id);
    if (failure === undefined) return answer;
    const { error, column } = failure;
    const message = `written, but not associated: ${error.message ?? "no reason given"}`;
    return { trace: answer.trace, error: { ...error, message, context: { propertyName: [column] } } };
  });
}
