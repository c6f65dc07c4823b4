// What changed of an object since a time: the records of a window with what they hold, those that are deleted among them,
// those whose parents changed, and those that only the delete log knows. What must hold: fields that change without their
// record are not vouched for, nor objects of which this user may not see all records: a record that is hidden and shown
// again does not change by it.

import { join } from "node:path";
import type { Changes, ChangesRequest, KeptValues, PresentChanges, Untold } from "../../contract/present.ts";
import type { ObjectSchema } from "../../core/model.ts";
import { CallFault } from "../../http/outcome.ts";
import { inGroups } from "../kit/groups.ts";
import { remember } from "../kit/remember.ts";
import { saveIds, saveSnapshot } from "../kit/snapshot.ts";
import { fetchPages, openQueryJob } from "./bulk-query.ts";
import type { SalesforceClient } from "./client.ts";
import { readDeleteLog } from "./delete-log.ts";
import { readApiError } from "./errors.ts";
import { identifyCustom } from "./field-ids.ts";
import { type KeptLookup, vouchFor } from "./kept-lookups.ts";
import { countRecords, queryCells, queryRecords, rowsPerQueryPage } from "./rest-query.ts";
import { forecastReading, hasKey, idColumn, queryRowsMax, versionColumn } from "./snapshot.ts";
import { encodedLength, select, uriBytesMax } from "./soql.ts";

/** A transaction may take ten minutes, and its records are dated before it ends. One hour costs few records more. */
const overlapMs = 60 * 60_000;
const deletedColumn = "IsDeleted";
/** Of these, records are archived in time, and a query does not find them any more. */
const archived = new Set(["Task", "Event"]);

export function openChanges(
  client: SalesforceClient,
  describe: (object: string) => Promise<ObjectSchema>,
): PresentChanges {
  const seesAll = remember(() => seesAllRecords(client));
  const lookupsOf = async ({ object, fields }: KeptValues) =>
    (await vouchFor(await describe(object), fields, describe)).lookups;
  return {
    overlapMs,
    readClock: () => client.readClock(),
    async explainUntold({ object, fields }) {
      const schema = await describe(object);
      const { untold } = await vouchFor(schema, fields, describe);
      if (untold.length > 0) return `${untold.join(", ")} may change without a change of the record`;
      if (archived.has(object) || !schema.fields.has(versionColumn)) return `records of ${object} go without a trace`;
      return (await seesAll()) ? undefined : "this user may not see all records (View All Data)";
    },
    async identifyFields(values) {
      const own = { object: values.object, fields: values.fields.filter((name) => !name.includes(".")) };
      const ofParents = (await lookupsOf(values)).map(({ object, relation }) => {
        const named = values.fields.filter((name) => name.startsWith(`${relation}.`));
        return { object, fields: named.map((name) => name.slice(relation.length + 1)) };
      });
      const told: string[] = [];
      for (const asked of [own, ...ofParents]) {
        const ids = await orUntold(() => identifyCustom(client, { ...asked, signal: values.signal }));
        if ("why" in ids) return ids;
        told.push(...ids);
      }
      return told;
    },
    async alsoReads(values) {
      return (await lookupsOf(values)).map(({ field }) => field).filter((field) => !values.fields.includes(field));
    },
    async countChanges(values, since) {
      const lookups = await lookupsOf(values);
      return orUntold(() => countChanges(client, values, since, lookups));
    },
    async readChanges(request) {
      const lookups = await lookupsOf(request);
      return orUntold(() => readChanges(client, request, lookups));
    },
    forecast: forecastReading,
  };
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

async function countChanges(
  client: SalesforceClient,
  { object, signal }: KeptValues,
  since: string,
  lookups: readonly KeptLookup[],
): Promise<number> {
  const doing = `counting what changed of ${object}`;
  let count = 0;
  for (const { where, all } of windowsOf(since, lookups))
    count += await countRecords(client, select({ fields: ["count()"], object, where }), { all, doing, signal });
  return count;
}

interface ChangedWindow {
  where: string;
  /** Those that are deleted too, marked: one call tells both. */
  all: boolean;
}

/** Records that changed, then for each lookup those whose parent did and that did not themselves. */
function windowsOf(since: string, lookups: readonly KeptLookup[]): ChangedWindow[] {
  const own = { where: `${versionColumn} >= ${since}`, all: true };
  const others = lookups.map(({ relation }) => ({
    where: `${relation}.${versionColumn} >= ${since} AND ${versionColumn} < ${since}`,
    all: false,
  }));
  return [own, ...others];
}

async function readChanges(
  client: SalesforceClient,
  request: ChangesRequest,
  lookups: readonly KeptLookup[],
): Promise<Changes | Untold> {
  const { object, since, key, folder, name, signal } = request;
  const clock = await client.readClock();
  const gone = new Map<string, string>();
  let asOf = clock;
  for (const of of new Set([object, ...lookups.map((lookup) => lookup.object)])) {
    // The clock is told to the second, and what went in this one is to be told too.
    const to = new Date(clock.getTime() + 2000).toISOString();
    const log = await readDeleteLog(client, { object: of, from: since, to, signal });
    if ("reach" in log) return { why: `the delete log of ${of} reaches back ${log.reach} only` };
    const covered = new Date(log.covered);
    if (covered < asOf) asOf = covered;
    const path = join(folder, `${name}-gone-${of}.csv`);
    await saveIds(
      path,
      idColumn,
      log.records.map(({ id }) => id),
    );
    gone.set(of, path);
  }
  const files: string[][] = [];
  for (const [place, window] of windowsOf(since, lookups).entries())
    files.push(await readWindow(client, { ...request, name: `${name}-changed-${place}` }, window));
  const doing = `counting ${object}`;
  const counted = select({ fields: ["count()"], object, where: hasKey(key) });
  const count = await countRecords(client, counted, { all: false, doing, signal });
  const [own = [], ...ofParents] = files;
  const emptied = lookups.map((lookup) => ({ field: lookup.field, path: gone.get(lookup.object) ?? "" }));
  return {
    files: own,
    later: ofParents.flat(),
    gone: gone.get(object) ?? "",
    emptied,
    count,
    asOf: asOf.toISOString(),
  };
}

async function readWindow(
  client: SalesforceClient,
  { object, fields, expected, folder, name, signal, onProgress }: ChangesRequest,
  { where, all }: ChangedWindow,
): Promise<string[]> {
  const columns = [idColumn, versionColumn, ...fields, deletedColumn];
  const soql = select({ fields: columns, object, where });
  if (expected <= queryRowsMax && encodedLength(soql) < uriBytesMax) {
    const query = { soql: [soql], fields: columns, all, doing: `reading what changed of ${object}`, signal };
    const cells = inGroups(queryCells(client, query), rowsPerQueryPage);
    return (await saveSnapshot({ folder, name, onProgress }, columns, cells, "")).files;
  }
  const job = await openQueryJob(client, { soql, all }, signal);
  const fileName = (page: number) => `${name}-${String(page).padStart(5, "0")}.csv`;
  const files: string[] = [];
  const pages = { folder, fileName, known: new Map(), keepGzip: false, signal, onProgress };
  for await (const { path } of fetchPages(client, job, pages)) files.push(path);
  return files;
}
