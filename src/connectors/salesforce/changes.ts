// What changed of an object since a time: the records of a window with what they hold, those that are deleted among them,
// and those that only the delete log knows. What must hold: fields that change without their record are not vouched for,
// nor objects of which this user may not see all records: a record that is hidden and shown again does not change by it.

import { join } from "node:path";
import type { Changes, ChangesRequest, KeptValues, PresentChanges, Untold } from "../../contract/present.ts";
import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import { writeRecordFile } from "../../core/record-file.ts";
import { CallFault } from "../../http/outcome.ts";
import { inGroups } from "../kit/groups.ts";
import { remember } from "../kit/remember.ts";
import { saveSnapshot } from "../kit/snapshot.ts";
import { fetchPages, openQueryJob } from "./bulk-query.ts";
import type { SalesforceClient } from "./client.ts";
import { readDeleteLog } from "./delete-log.ts";
import { readApiError } from "./errors.ts";
import { countRecords, queryCells, queryRecords, rowsPerQueryPage } from "./rest-query.ts";
import { forecastReading, hasKey, idColumn, versionColumn } from "./snapshot.ts";
import { encodedLength, select, uriBytesMax } from "./soql.ts";

/** A transaction may take ten minutes, and its records are dated before it ends. One hour costs few records more. */
const overlapMs = 60 * 60_000;
const deletedColumn = "IsDeleted";
/** Of these, records are archived in time, and a query does not find them any more. */
const archived = new Set(["Task", "Event"]);
/** Users and queues are never deleted while they own records; other parents leave lookups empty behind them. */
const lasting = new Set(["User", "Group"]);

export function openChanges(
  client: SalesforceClient,
  describe: (object: string) => Promise<ObjectSchema>,
): PresentChanges {
  const seesAll = remember(() => seesAllRecords(client));
  return {
    overlapMs,
    readClock: () => client.readClock(),
    async explainUntold({ object, fields }) {
      const schema = await describe(object);
      const untold = fields.filter((name) => !movesVersion(schema.fields.get(name)));
      if (untold.length > 0) return `${untold.join(", ")} may change without a change of the record`;
      if (archived.has(object) || !schema.fields.has(versionColumn)) return `records of ${object} go without a trace`;
      return (await seesAll()) ? undefined : "this user may not see all records (View All Data)";
    },
    countChanges: (values, since) => orUntold(() => countChanges(client, values, since)),
    readChanges: (request) => orUntold(() => readChanges(client, request)),
    forecast: forecastReading,
  };
}

/** A field of the record itself that is written by whoever changes it, so that the record's version tells of it. */
function movesVersion(field: FieldSchema | undefined): boolean {
  if (field === undefined || field.derived === true || field.readable !== undefined) return false;
  if (field.kind === "reference" && !field.referenceTo.every((object) => lasting.has(object))) return false;
  return field.createable || field.updateable;
}

/** https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_userpermissionaccess.htm */
async function seesAllRecords(client: SalesforceClient): Promise<boolean> {
  const soql = "SELECT PermissionsViewAllData FROM UserPermissionAccess";
  const doing = "asking whether this user may see all records";
  const { signal } = new AbortController();
  const asked = await orUntold(async () => {
    for await (const record of queryRecords(client, soql, { all: false, doing, signal }))
      return record["PermissionsViewAllData"] === true;
    return false;
  });
  return asked === true;
}

/** What the org answers by saying that it can't is not known; all else ends the run as it does everywhere. */
async function orUntold<T>(ask: () => Promise<T>): Promise<T | Untold> {
  try {
    return await ask();
  } catch (error) {
    const isNo = error instanceof CallFault && (error.status === 400 || error.status === 404);
    const said = isNo ? readApiError(error.body) : undefined;
    if (said === undefined) throw error;
    return { why: `Salesforce does not tell what changed (${said.code})` };
  }
}

function countChanges(client: SalesforceClient, { object, signal }: KeptValues, since: string): Promise<number> {
  const soql = select({ fields: ["count()"], object, where: `${versionColumn} >= ${since}` });
  return countRecords(client, soql, { all: true, doing: `counting what changed of ${object}`, signal });
}

async function readChanges(client: SalesforceClient, request: ChangesRequest): Promise<Changes | Untold> {
  const { object, since, key, folder, name, signal } = request;
  const clock = await client.readClock();
  // The clock is told to the second, and what went in this one is to be told too.
  const to = new Date(clock.getTime() + 2000).toISOString();
  const log = await readDeleteLog(client, { object, from: since, to, signal });
  if ("reach" in log) return { why: `the delete log reaches back ${log.reach} only` };
  const files = await readWindow(client, request);
  const gone = join(folder, `${name}-gone.csv`);
  await writeRecordFile(
    gone,
    [idColumn],
    log.records.map(({ id }) => [id]),
  );
  const doing = `counting ${object}`;
  const counted = select({ fields: ["count()"], object, where: hasKey(key) });
  const count = await countRecords(client, counted, { all: false, doing, signal });
  const covered = new Date(log.covered);
  return { files, gone, count, asOf: (covered < clock ? covered : clock).toISOString() };
}

/** Deleted records are marked, so that one call tells both. */
async function readWindow(
  client: SalesforceClient,
  { object, fields, since, expected, folder, name, signal, onProgress }: ChangesRequest,
): Promise<string[]> {
  const columns = [idColumn, versionColumn, ...fields, deletedColumn];
  const soql = select({ fields: columns, object, where: `${versionColumn} >= ${since}` });
  if (expected <= rowsPerQueryPage && encodedLength(soql) < uriBytesMax) {
    const query = { soql: [soql], fields: columns, all: true, doing: `reading what changed of ${object}`, signal };
    const cells = inGroups(queryCells(client, query), rowsPerQueryPage);
    return (await saveSnapshot({ folder, name: `${name}-changed`, onProgress }, columns, cells, "")).files;
  }
  const job = await openQueryJob(client, { soql, all: true }, signal);
  const fileName = (page: number) => `${name}-changed-${String(page).padStart(5, "0")}.csv`;
  const files: string[] = [];
  const pages = { folder, fileName, known: new Map(), keepGzip: false, signal, onProgress };
  for await (const { path } of fetchPages(client, job, pages)) files.push(path);
  return files;
}
