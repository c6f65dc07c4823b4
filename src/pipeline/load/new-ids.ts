// Ids of records that this run has made, in the rows that name them: those rows were planned before the records were there.
// In: batches of which nothing was sent, whose rows have a mark for such a record. Out: the same batches with its id in place
// of the mark; rows whose record was not made are told as failed, with why. What must hold: no mark is ever sent; a batch
// that has one was never sent.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { failpoint } from "../../core/failpoint.ts";
import { severalSeparator } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import { headerOf } from "../../formats/csv-header.ts";
import type { MappedField, Stream } from "../../job/job.ts";
import { newRecordMark } from "../../job/lookup.ts";
import { outcomeColumns } from "../../load/results.ts";
import { keyOfFields } from "../../load/row-key.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { resultsPath, writeBatchFile } from "../batches/batch-files.ts";
import { findNaming } from "../diff/naming-field.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { resolveFields } from "./known-fields.ts";
import { orphanCode } from "./orphans.ts";
import { batchRows, readPresent } from "./present-now.ts";
import { splitOff } from "./recheck.ts";

const idsTable = "new_ids";

/** Gives whether there were any: the batches are others then. */
export async function fillNewIds(
  context: RunContext,
  stream: Stream,
  isWanted: (batch: BatchRecord) => boolean,
): Promise<boolean> {
  const fields = stream.fields.filter(({ lookup }) => lookup?.maker !== undefined);
  if (fields.length === 0) return false;
  let found = false;
  for (const batch of context.ledger.batches(context.run.id, stream.name).filter(isWanted)) {
    if (batch.state !== "planned") continue;
    const [field] = await findMarked(context, batch, fields);
    if (field === undefined) continue;
    await gatherIds(context, field);
    const rows = selectLost(batch, field);
    const [lost] = await context.engine.all(`SELECT 1 FROM (${rows}) LIMIT 1`);
    if (lost === undefined) await writeIds(context, batch, field);
    else await splitOff(context, stream, batch, { rows, as: "failed", why: "whose parent is not there" });
    found = true;
  }
  return found;
}

/** Those of the fields of which a batch has marks. */
async function findMarked(
  { engine }: RunContext,
  batch: BatchRecord,
  fields: readonly MappedField[],
): Promise<MappedField[]> {
  const columns = headerOf(batch.path);
  const found: MappedField[] = [];
  for (const field of fields.filter(({ target }) => columns.includes(target))) {
    const [any] = await engine.all(`SELECT 1 FROM ${batchRows(batch)} WHERE ${isMarked(field)} LIMIT 1`);
    if (any !== undefined) found.push(field);
  }
  return found;
}

function markOf({ lookup }: MappedField): string {
  return lookup === undefined ? "" : newRecordMark(lookup);
}

/** BOOLEAN over a batch's rows. */
function isMarked(field: MappedField): string {
  return `coalesce(starts_with(${identifier(field.target)}, ${literal(markOf(field))}), false)`;
}

/** VARCHAR over a batch's rows: the key of the record that is named. What it takes the place of may stand behind it. */
function keyOfMark(field: MappedField): string {
  const rest = `substr(${identifier(field.target)}, ${markOf(field).length + 1})`;
  return `string_split(${rest}, ${literal(severalSeparator.repeat(2))})[1]`;
}

/**
 * Makes the table of what the stream that makes such records has made: key, id, and why there is none. Where an answer did
 * not tell the id, or the record was there by then, the target is asked who has the key.
 */
async function gatherIds(context: RunContext, { lookup }: MappedField): Promise<void> {
  const { engine, ledger, run, job } = context;
  const maker = job.streams.find(({ name }) => name === lookup?.maker);
  if (maker === undefined) throw new Error(`there is no stream ${lookup?.maker}`);
  const batches = ledger
    .batches(run.id, maker.name)
    .filter(({ action, resultsSha256 }) => action === "create" && resultsSha256 !== null);
  const results = scanCsvFiles(
    batches.map((batch) => resultsPath(context, batch)),
    outcomeColumns,
  );
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${idsTable} AS SELECT match_key AS key, any_value(key) AS shown,
      any_value(nullif(id, '')) FILTER (outcome = 'loaded') AS id, bool_or(outcome IN ('loaded', 'conflict')) AS is_there,
      any_value(message) FILTER (outcome <> 'loaded') AS message
    FROM ${results} WHERE outcome NOT IN ('resent', 'unlinked') GROUP BY 1`);
  const [untold] = await engine.all(`SELECT 1 FROM ${idsTable} WHERE is_there AND id IS NULL LIMIT 1`);
  if (untold !== undefined) for (const batch of batches) await askForIds(context, maker, batch);
}

async function askForIds(context: RunContext, maker: Stream, batch: BatchRecord): Promise<void> {
  const { engine } = context;
  const target = targetOf(context, maker.target.connection);
  const fields = (await resolveFields(target, maker, maker.target.key)).map((field) => ({
    ...field,
    isKey: true as const,
  }));
  const isFew = batch.rows <= target.capabilities.namedKeysMax;
  const by = isFew ? (await findNaming(engine, target, fields, batchRows(batch)))?.field.name : undefined;
  const names = fields.map(({ name }) => name);
  const key = by === undefined ? names : [by, ...names.filter((name) => name !== by)];
  const read = { what: "ids", fields: names, key, ...(by === undefined ? {} : { by }) };
  const present = await readPresent(context, maker, batch, read);
  const id = identifier(target.capabilities.idColumn);
  await engine.run(`UPDATE ${idsTable} SET id = p.id FROM (SELECT key, min(id) AS id FROM
      (SELECT ${keyOfFields(target, fields).of()} AS key, ${id} AS id FROM ${present}) GROUP BY key HAVING count(DISTINCT id) = 1) p
    WHERE ${idsTable}.key = p.key AND ${idsTable}.id IS NULL AND is_there`);
}

/** SELECT of the rows (n, field, message) whose record has no id. */
function selectLost(batch: BatchRecord, field: MappedField): string {
  const name = literal(field.target);
  const parent = literal(`${orphanCode}: its parent ${field.lookup?.maker ?? ""} `);
  return `SELECT b.n, ${name} AS field, ${parent} || coalesce(i.shown, b.key) || CASE WHEN i.is_there THEN ' is there, and its id is not known'
      ELSE ' was refused: ' || coalesce(i.message, 'it was not sent') END AS message
    FROM (SELECT _n_ AS n, ${keyOfMark(field)} AS key FROM ${batchRows(batch)} WHERE ${isMarked(field)}) b
    LEFT JOIN ${idsTable} i ON i.key = b.key WHERE i.id IS NULL`;
}

/** The batch is another file then: in the ledger before it is sent, and written again where the run is killed before. */
async function writeIds(context: RunContext, batch: BatchRecord, field: MappedField): Promise<void> {
  const { engine, ledger } = context;
  const cells = headerOf(batch.path).map((name) => {
    const cell = `b.${identifier(name)}`;
    if (name !== field.target) return cell;
    const behind = `substr(${cell}, ${markOf(field).length + 1} + length(i.key))`;
    return `CASE WHEN i.id IS NULL THEN ${cell} ELSE i.id || ${behind} END AS ${identifier(name)}`;
  });
  const named = `SELECT *, CASE WHEN ${isMarked(field)} THEN ${keyOfMark(field)} END AS _key_ FROM ${batchRows(batch)}`;
  const rows = `SELECT ${cells.join(", ")} FROM (${named}) b LEFT JOIN ${idsTable} i ON i.key = b._key_ ORDER BY b._n_`;
  const file = await writeBatchFile(engine, rows, `${batch.path.replace(/\.csv$/, "")}-with-ids.csv`);
  failpoint("ids-written");
  ledger.advance(batch, "planned", file);
}
