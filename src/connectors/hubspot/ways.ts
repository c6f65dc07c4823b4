// Which way a load goes: batch calls, or, where very many records are new, an import.

import type { BatchSize, WayChoice, WayRequest } from "../../contract/ways.ts";
import { proofOf } from "../kit/proof.ts";
import { canImport } from "./imports.ts";
import { batchRowsMax } from "./records.ts";

/** Rows of one batch of ours: so many calls are made again at most where a run was killed. */
const rowsMax = 2000;
const batchBytesMax = 50_000_000;
/** So many calls are too many for a file that could go in one; below, a batch tells the ids of what it made. */
const importRowsMin = 200_000;
/** https://developers.hubspot.com/docs/api-reference/crm-imports-v3/guide: 1,048,576 rows or 512 MB a file */
const importRowsMax = 200_000;
const importBytesMax = 200_000_000;

export function chooseWay(request: WayRequest): WayChoice {
  const { operation, externalId, rows, fields, callsLeft, batchRows, via } = request;
  const repeatable = proofOf(operation, externalId ?? null) !== "nothing";
  const isNew = operation === "upsert" || operation === "insert";
  // Only what is new is imported: what a blank cell does to a record that is there is not documented.
  const mayImport = isNew && externalId !== undefined && canImport(fields);
  const isLarge = rows >= importRowsMin || Math.ceil(rows / batchRowsMax) > callsLeft;
  if (mayImport && (via === "bulk" || (isLarge && batchRows === undefined))) {
    return { via: "bulk", how: "by an import", batchRowsMax: importRowsMax, batchBytesMax: importBytesMax };
  }
  // A call whose outcome is unknown, and that can't be made again, leaves its rows in doubt: no more than a call's.
  return {
    via: "collections",
    how: "by batch calls",
    batchRowsMax: repeatable ? rowsMax : batchRowsMax,
    batchBytesMax,
  };
}

/** An import: the call that makes it, its errors, polls by estimate. */
const importCalls = 3;
const importRowsPerPoll = 5000;

/** Calls of associating and of looking parents up, for each of the records' own: children of one parent stand together. */
const callsOfParent = { associate: 1, lookUp: 0.25 };

export function forecastCalls({ via, rows, operation, parents, replaced }: BatchSize): number {
  if (via === "bulk") return importCalls + Math.ceil(rows / importRowsPerPoll);
  const calls = Math.ceil(rows / batchRowsMax);
  if (operation === "delete" || parents === 0) return calls;
  // A create without a key brings its associations with it.
  const { associate, lookUp } = callsOfParent;
  const linking = Math.ceil(calls * parents * (operation === "insert" ? lookUp : associate + lookUp));
  // What is taken away is looked up and archived, a hundred pairs a call.
  return calls + linking + replaced * (calls + Math.ceil(calls * lookUp));
}
