// One batch of loadline as calls of a hundred rows, and then the associations of the records that were written.
// What must hold: a record whose parent does not exist is not written; one that was written without its association is
// told as failed, so that it is taken up again; what is created without a key comes with its associations in one call,
// for taken up again it would be there twice.

import type { Batch, CallAttempt, CallJournal, ResultFiles } from "../../contract/write.ts";
import { inParallel } from "../../core/in-parallel.ts";
import { unnamedMark } from "../../core/model.ts";
import { CallFault } from "../../http/outcome.ts";
import { foldText } from "../../values/fold.ts";
import { matchByTrace } from "../kit/batch-file.ts";
import { inGroups } from "../kit/groups.ts";
import { type AssociatedPair, type AssociateRequest, associate, dissociate } from "./associate.ts";
import type { AssociationTypes } from "./association-types.ts";
import type { AssociatedRecords, AssociationType } from "./associations.ts";
import { readBatchFile, type SentRow, saveAnswers } from "./batch-rows.ts";
import { type BatchWrite, isRepeatable, type RowAnswer, writeRows } from "./batches.ts";
import type { HubSpotClient } from "./client.ts";
import type { ApiError } from "./errors.ts";
import { clearStages, type StageOrder } from "./lifecycle.ts";
import { batchRowsMax } from "./records.ts";
import type { AssociationName } from "./schema.ts";

/** Calls of one batch that are under way at once. */
const callLanes = 6;

export interface WriteContext {
  client: HubSpotClient;
  parents: AssociatedRecords;
  types: AssociationTypes;
  stagesOf: StageOrder;
  files: ResultFiles;
  attempt: CallAttempt;
  signal: AbortSignal;
}

/** How far a batch came: no row was sent, rows were, HubSpot has answered and may have written some. */
type Progress = "unsent" | "sent" | "answered";

/** Throws CallFault. */
export async function writeBatch(batch: Batch, context: WriteContext): Promise<void> {
  const { attempt, signal } = context;
  let progress: Progress = "unsent";
  const write: BatchWrite = {
    object: batch.object,
    operation: batch.operation,
    ...(batch.externalId === undefined ? {} : { key: batch.externalId }),
    begun: new Date(attempt.begun ?? 0),
    again: attempt.again,
    signal,
    onAnswered: () => {
      progress = "answered";
    },
  };
  try {
    const file = readBatchFile(batch);
    const { present, answers } = await findParents(file.rows, write, context);
    progress = "sent";
    const written = await writeAll(write, present, context);
    const linked = await makeAssociations(batch.object, present, written, context);
    // Last, so that no record is without what it had before it has what it gets.
    answers.push(...(await takeAssociations(batch.object, present, linked, context)));
    saveAnswers(file, answers, context.files);
  } catch (error) {
    throw isRepeatable(write) ? error : judge(error, progress);
  }
}

/** A fault of what can't be done twice: without effect before a row was sent, and unknown once HubSpot has answered. */
function judge(error: unknown, progress: Progress): unknown {
  if (progress === "answered") {
    return new CallFault((error as Error).message, { outcome: "unknown", transient: false, cause: error });
  }
  return progress === "unsent" && error instanceof CallFault ? error.as({ outcome: "refused" }) : error;
}

async function writeAll(
  write: BatchWrite,
  rows: readonly LinkedRow[],
  { client, stagesOf, attempt: { journal } }: WriteContext,
): Promise<RowAnswer[]> {
  const written = knownAnswers(rows, journal.kept);
  // What changes nothing but associations needs no call for its properties.
  const [empty, full] = partition(
    rows.filter(({ place }) => !journal.kept.has(place)),
    (row) => isEmptyUpdate(write, row),
  );
  for (const { trace, id = "" } of empty) written.push({ trace, id, created: "" });
  const calls = inParallel(inGroups(full, batchRowsMax), callLanes, async (group) => {
    await clearStages(client, write, group, stagesOf);
    const answers = await writeRows(client, write, group);
    journal.keep(new Map(matchByTrace(group, answers).map(([{ place }, answer]) => [place, answer])));
    return answers;
  });
  for await (const group of calls) written.push(...group);
  return written;
}

/** What was answered to them before, also where they were rows of another batch then. */
function knownAnswers(rows: readonly SentRow[], kept: CallJournal["kept"]): RowAnswer[] {
  return rows.flatMap(({ place, trace }): RowAnswer[] => {
    const answer = kept.get(place) as RowAnswer | undefined;
    return answer === undefined ? [] : [{ ...answer, trace }];
  });
}

export function recallAnswers(batch: Batch, kept: CallJournal["kept"], files: ResultFiles): void {
  const file = readBatchFile(batch);
  saveAnswers(file, knownAnswers(file.rows, kept), files);
}

function isEmptyUpdate({ operation }: BatchWrite, { properties }: SentRow): boolean {
  return operation === "update" && Object.keys(properties).length === 0;
}

function partition<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** Rows whose parents exist, with the parents' ids and the types of their associations; the others answered. */
async function findParents(
  rows: readonly SentRow[],
  { object, operation }: BatchWrite,
  { parents, types, signal }: WriteContext,
): Promise<{ present: LinkedRow[]; answers: RowAnswer[] }> {
  const wanted = new Map<string, { name: AssociationName; keys: string[] }>();
  for (const { name, keys, column, replaced } of rows.flatMap(({ associations }) => associations)) {
    const named = [...keys, ...replaced].filter((one) => !one.startsWith(unnamedMark));
    wanted.set(column, { name, keys: [...(wanted.get(column)?.keys ?? []), ...named] });
  }
  const found = new Map<string, { ids: Map<string, string[]>; type: AssociationType | undefined }>();
  for (const [column, { name, keys }] of wanted) {
    const isTyped = name.label !== undefined || operation === "insert";
    const type = isTyped ? await types.find(object, name) : undefined;
    found.set(column, { ids: await parents.find(name, keys, signal), type });
  }
  const present: LinkedRow[] = [];
  const answers: RowAnswer[] = [];
  for (const row of rows) {
    const idsOf = (column: string, key: string) =>
      key.startsWith(unnamedMark) ? [key.slice(unnamedMark.length)] : (found.get(column)?.ids.get(foldText(key)) ?? []);
    const links = row.associations.flatMap(({ column, name, keys }) =>
      keys.map((key) => {
        const [id, ...others] = idsOf(column, key);
        return { column, name, key, id, others, type: found.get(column)?.type };
      }),
    );
    const unlinks = row.associations.map(({ column, name, keys, replaced }) => {
      const kept = new Set(keys.flatMap((key) => idsOf(column, key)));
      const gone = replaced.flatMap((key) => idsOf(column, key));
      const type = found.get(column)?.type;
      return { column, name, ids: [...new Set(gone)].filter((id) => !kept.has(id)), type };
    });
    const missing = links.find(
      ({ id, others, name, type }) => id === undefined || others.length > 0 || (name.label !== undefined && !type),
    );
    if (missing === undefined) present.push({ ...linkRow(row, links, operation), unlinks });
    else answers.push({ trace: row.trace, error: explainMissing(missing) });
  }
  return { present, answers };
}

interface FoundLink {
  column: string;
  name: AssociationName;
  key: string;
  id: string | undefined;
  /** More records that have the key. */
  others: string[];
  type: AssociationType | undefined;
}

interface LinkedRow extends SentRow {
  /** What is associated once the record is there. */
  links: { column: string; name: AssociationName; id: string; type: AssociationType | undefined }[];
  /** What is taken away then. */
  unlinks: { column: string; name: AssociationName; ids: string[]; type: AssociationType | undefined }[];
}

function linkRow(
  row: SentRow,
  found: readonly FoundLink[],
  operation: BatchWrite["operation"],
): Omit<LinkedRow, "unlinks"> {
  const links = found.map((link) => ({ ...link, id: link.id ?? "" }));
  const inline = links.flatMap(({ id, type }) =>
    operation === "insert" && type !== undefined ? [{ to: id, type }] : [],
  );
  return { ...row, inline, links: links.filter(({ type }) => operation !== "insert" || type === undefined) };
}

function explainMissing({ name, key, column, id, others }: FoundLink): ApiError {
  const property = [column];
  if (id !== undefined && others.length > 0) {
    const message = `${others.length + 1} ${name.object} have ${name.key} "${key}": ${[id, ...others].join(", ")}`;
    return { category: "PARENT_AMBIGUOUS", message, context: { propertyName: property } };
  }
  const message =
    id === undefined
      ? `no record of ${name.object} has ${name.key} "${key}"`
      : `there is no association label "${name.label}"`;
  const category = id === undefined ? "PARENT_NOT_FOUND" : "LABEL_NOT_FOUND";
  return { category, message, context: { propertyName: [column] } };
}

/** Associates what was written; an answer whose association failed becomes that failure. */
async function makeAssociations(
  object: string,
  rows: readonly LinkedRow[],
  written: readonly RowAnswer[],
  { client, signal }: WriteContext,
): Promise<RowAnswer[]> {
  const links = rows.flatMap(({ trace, links: own }) => own.map(({ id, ...link }) => ({ ...link, trace, to: [id] })));
  const how = { object, signal, what: "written, but not associated", change: associate };
  return changeAssociations(client, how, links, written);
}

/** Takes away what others took the place of. */
async function takeAssociations(
  object: string,
  rows: readonly LinkedRow[],
  written: readonly RowAnswer[],
  { client, signal }: WriteContext,
): Promise<RowAnswer[]> {
  const links = rows.flatMap(({ trace, unlinks }) => unlinks.map(({ ids, ...link }) => ({ ...link, trace, to: ids })));
  const what = "written, but still associated with what the source does not name";
  return changeAssociations(client, { object, signal, what, change: dissociate }, links, written);
}

interface AssociationChange {
  object: string;
  signal: AbortSignal;
  /** What is told where it failed. */
  what: string;
  change(
    client: HubSpotClient,
    request: AssociateRequest,
    pairs: readonly AssociatedPair[],
  ): Promise<Map<string, ApiError>>;
}

interface ChangedLink {
  trace: string;
  column: string;
  name: AssociationName;
  type: AssociationType | undefined;
  to: string[];
}

async function changeAssociations(
  client: HubSpotClient,
  { object, signal, what, change }: AssociationChange,
  links: readonly ChangedLink[],
  written: readonly RowAnswer[],
): Promise<RowAnswer[]> {
  const ids = new Map(written.flatMap((answer) => ("error" in answer ? [] : [[answer.trace, answer.id] as const])));
  const failures = new Map<string, { error: ApiError; column: string }>();
  for (const [column, ofColumn] of Map.groupBy(links, (link) => link.column)) {
    const pairs = ofColumn.flatMap(({ trace, to: others }) => {
      const from = ids.get(trace);
      return from === undefined ? [] : others.map((to) => ({ from, to }));
    });
    const [{ name, type } = { name: undefined, type: undefined }] = ofColumn;
    if (name === undefined || pairs.length === 0) continue;
    const failed = await change(client, { from: object, to: name.object, type, signal }, pairs);
    for (const [from, error] of failed) failures.set(from, { error, column });
  }
  return written.map((answer) => {
    if ("error" in answer) return answer;
    const failure = failures.get(answer.id);
    if (failure === undefined) return answer;
    const { error, column } = failure;
    const message = `${what}: ${error.message ?? "no reason given"}`;
    return { trace: answer.trace, error: { ...error, message, context: { propertyName: [column] } } };
  });
}
