// Rows whose parent the target refused in this run, or no stream made after all. In: batches of which nothing was sent, the
// results of the parents' creates. Out: the same batches without such rows, which are told as failed, with why the parent was refused. What must
// hold: only rows whose parent is certainly not there; a batch that may have been sent is left as it is, and the target
// answers for it.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import type { FieldSchema } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import { foldKey } from "../../diff/keys.ts";
import { headerOf } from "../../formats/csv-header.ts";
import type { Stream } from "../../job/job.ts";
import { isRefused, outcomeColumns } from "../../load/results.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { lastLevel, selectLater, selectUnmade } from "../batches/later-fields.ts";
import { nameParents } from "../compile/parents.ts";
import { selectLeftOut } from "../rows/left-out.ts";
import { isOneOrg, type RunContext, targetOf } from "../run/context.ts";
import { batchRows } from "./present-now.ts";
import { splitOff, takeBack } from "./recheck.ts";

/** What the message of a row begins with that was held back for its parent. */
export const orphanCode = "PARENT_REFUSED";

/** BOOLEAN: a message of a row that was held back for its parent. */
export function isOrphaned(message: string): string {
  return `starts_with(${message}, ${literal(`${orphanCode}: `)})`;
}

/** Takes such rows out of the batches that are wanted. Gives whether there were any. */
export async function holdOrphans(
  context: RunContext,
  stream: Stream,
  isWanted: (batch: BatchRecord) => boolean,
): Promise<boolean> {
  const { ledger, run } = context;
  const isRefused = context.job.streams.some((parent) => refusedCreates(context, parent).length > 0);
  const later = selectLater(context, stream.name);
  if (!isRefused && later === undefined) return false;
  const links = isRefused ? await listLinks(context, stream) : [];
  let found = false;
  for (const batch of ledger.batches(run.id, stream.name).filter(isWanted)) {
    const columns = batch.state === "planned" || batch.state === "intent" ? headerOf(batch.path) : [];
    const held = links.filter(({ field }) => columns.includes(field.name)).map((link) => selectOrphans(link, batch));
    if (later !== undefined && batch.level >= lastLevel)
      held.push(...(await selectUnnamed(context, stream, { later, batch, columns })));
    if (held.length === 0) continue;
    const rows = held.join(" UNION ALL ");
    const [any] = await context.engine.all(`SELECT 1 FROM (${rows}) LIMIT 1`);
    // What is set later was not sent, though its records were.
    const isUnsent = batch.state === "planned";
    const waiting = any === undefined ? undefined : isUnsent ? batch : await takeBack(context, stream, batch);
    if (waiting === undefined) continue;
    await splitOff(context, stream, waiting, { rows, as: "failed", why: "whose parent is not there" });
    found = true;
  }
  return found;
}

/** A field that names a parent, and the results of that parent's creates. */
interface Link {
  field: FieldSchema;
  parent: Stream;
  results: string[];
}

async function listLinks(context: RunContext, stream: Stream): Promise<Link[]> {
  const { job } = context;
  const target = targetOf(context, stream.target.connection);
  const schema = await target.describe(stream.target.object);
  const links: Link[] = [];
  for (const { target: name } of nameParents(job, stream, schema).fields) {
    const field = name.includes(".") ? await target.resolveField(schema, name) : undefined;
    if (field?.lookup === undefined) continue;
    for (const parent of job.streams.filter((other) => isLoadedBy(context, stream, other, field))) {
      const results = refusedCreates(context, parent).map((batch) => resultsPath(context, batch));
      if (results.length > 0) links.push({ field, parent, results });
    }
  }
  return links;
}

/** Not of rows that were created and could not be given what they name: their records are there. */
function refusedCreates({ ledger, run }: RunContext, { name }: Stream): BatchRecord[] {
  return ledger
    .batches(run.id, name)
    .filter((batch) => batch.action === "create" && !batch.again && batch.failed > 0 && batch.resultsSha256 !== null);
}

function isLoadedBy(context: RunContext, own: Stream, { target }: Stream, { lookup }: FieldSchema): boolean {
  const isOne = isOneOrg(context, target.connection, own.target.connection);
  const isObject = target.object.toLowerCase() === lookup?.object.toLowerCase();
  return isOne && isObject && target.key.length === 1 && target.key[0] === lookup?.key;
}

/** SELECT of the rows of a batch (n, field, message) whose parent was refused. */
function selectOrphans({ field, parent, results }: Link, batch: BatchRecord): string {
  const refused = `SELECT match_key, any_value(message) AS message FROM ${scanCsvFiles(results, outcomeColumns)}
    WHERE action = 'create' AND ${isRefused} GROUP BY 1`;
  const name = identifier(field.name);
  return `SELECT b._n_ AS n, ${literal(field.name)} AS field, ${literal(`${orphanCode}: its parent ${parent.name} `)} || b.${name} || ' was refused: ' || r.message AS message
    FROM (SELECT _n_, ${name}, ${foldKey([field])} AS _key_ FROM ${batchRows(batch)}) b JOIN (${refused}) r ON r.match_key = b._key_`;
}

interface LaterBatch {
  /** What rows of the stream name of streams after it. */
  later: string;
  batch: BatchRecord;
  columns: readonly string[];
}

/** SELECTs of the rows of a batch that name what no stream makes after all. */
async function selectUnnamed(
  context: RunContext,
  stream: Stream,
  { later, batch, columns }: LaterBatch,
): Promise<string[]> {
  const { ledger, run, engine } = context;
  const plans = ledger.streams(run.id).flatMap(({ name, plan }) => (plan === null ? [] : [[name, plan] as const]));
  const unmade = selectUnmade(later, new Map(plans));
  const target = targetOf(context, stream.target.connection);
  const schema = await target.describe(stream.target.object);
  const rows = await engine.all(`SELECT DISTINCT field, streams FROM (${unmade}) ORDER BY ALL`);
  const held: string[] = [];
  for (const row of rows) {
    const field = await target.resolveField(schema, String(row["field"]));
    if (field === undefined || !columns.includes(field.name)) continue;
    const streams = (row["streams"] as string[]).flatMap((name) => selectLeftOut(context, name) ?? []);
    const none = "SELECT '' AS key, '' AS why LIMIT 0";
    const missing = [`(${none})`, ...streams].join(" UNION ALL ");
    const name = identifier(field.name);
    const parent = (row["streams"] as string[]).join(", ");
    held.push(`SELECT b._n_ AS n, ${literal(field.name)} AS field, ${literal(`${orphanCode}: its parent ${parent} `)} || b.${name} || ' ' ||
        coalesce(m.why, 'is in no row') AS message
      FROM (SELECT _n_, ${name}, ${foldKey([field])} AS _key_ FROM ${batchRows(batch)}) b
      SEMI JOIN (SELECT parent AS key FROM (${unmade}) WHERE field = ${literal(field.name)}) u ON u.key = b._key_
      LEFT JOIN (SELECT key, max(why) AS why FROM (${missing}) GROUP BY key) m ON m.key = b._key_`);
  }
  return held;
}
