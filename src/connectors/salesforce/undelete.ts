// Records out of the recycle bin, up to 200 in a call of the SOAP API: no other API brings one back. In: a batch of ids. Out: a
// result for each. What must hold: made again, a call leaves the same records, so it may be when its outcome is unknown; one
// that is there already, be it by the first call or with its parent, is one that came back.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_undelete.htm

import type { Batch, ResultFiles } from "../../contract/write.ts";
import { countOf } from "../../core/counted.ts";
import { readText, strangeAnswer } from "../../http/client.ts";
import { readBatchRows, saveAnsweredRows } from "../kit/batch-file.ts";
import type { SalesforceClient } from "./client.ts";
import { resultColumns } from "./collections.ts";
import { queryRecords } from "./rest-query.ts";
import { idColumn } from "./snapshot.ts";
import { elementOf, escapeXml } from "./soap.ts";
import { select, soqlText } from "./soql.ts";

export const undeletedMax = 200;

interface Undeleted {
  isBack: boolean;
  /** As `readRowError` reads it. */
  error: string;
}

/** Throws CallFault. */
export async function undeleteRecords(
  client: SalesforceClient,
  batch: Batch,
  files: ResultFiles,
  signal: AbortSignal,
): Promise<void> {
  const { headers, rows } = readBatchRows(batch.path);
  const place = headers.indexOf(idColumn);
  const ids = rows.map((row) => row[place] ?? "");
  const results = await undelete(client, batch.object, ids, signal);
  const refused = ids.filter((_, index) => results[index]?.isBack !== true);
  const present = await findPresent(client, batch.object, refused, signal);
  const answered = ids.map((id, index) => {
    const { isBack = false, error = "" } = results[index] ?? {};
    const row = { id, cells: [id] };
    return isBack || present.has(id.slice(0, 15)) ? { ...row, created: "" as const } : { ...row, error };
  });
  saveAnsweredRows([idColumn], answered, resultColumns, files);
}

async function undelete(
  client: SalesforceClient,
  object: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Undeleted[]> {
  const doing = `undeleting ${countOf(ids.length, "record")} of ${object}`;
  const content = `<u:undelete>${ids.map((id) => `<u:ids>${escapeXml(id)}</u:ids>`).join("")}</u:undelete>`;
  return client.read(client.soapCall({ content, idempotent: true, doing, signal }), async (response) => {
    const text = await readText(response, doing);
    const results = [...text.matchAll(/<(?:\w+:)?result>(?<result>.*?)<\/(?:\w+:)?result>/gs)].map(({ groups }) =>
      readResult(groups?.["result"] ?? ""),
    );
    // They come in the order of the ids.
    if (results.length !== ids.length || !text.includes("undeleteResponse")) throw strangeAnswer(response, text, doing);
    return results;
  });
}

function readResult(result: string): Undeleted {
  const isBack = elementOf(result, "success") === "true";
  const code = elementOf(result, "statusCode") ?? "UNKNOWN";
  return { isBack, error: `${code}:${elementOf(result, "message") ?? "no reason given"}:--` };
}

/** Ids, 15 letters, of the records that are there. */
async function findPresent(
  client: SalesforceClient,
  object: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const where = `Id IN (${ids.map(soqlText).join(",")})`;
  const found = new Set<string>();
  const query = select({ fields: [idColumn], object, where });
  for await (const record of queryRecords(client, query, {
    all: false,
    doing: "looking for undeleted records",
    signal,
  }))
    found.add(String(record[idColumn]).slice(0, 15));
  return found;
}
