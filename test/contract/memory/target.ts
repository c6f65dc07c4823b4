// The memory CRM as a target. In: mapped rows. Out: rows that are written, each with its answer. Must hold: a batch is
// written under a mark of our choosing, which the CRM takes once: every call may be made again.

import { withAccount } from "../../../src/connectors/kit/account.ts";
import {
  type AnsweredRow,
  createdCell,
  matchByTrace,
  readBatchRows,
  saveAnsweredRows,
} from "../../../src/connectors/kit/batch-file.ts";
import { lookUp } from "../../../src/connectors/kit/groups.ts";
import { saveSnapshot } from "../../../src/connectors/kit/snapshot.ts";
import type { Snapshot, SnapshotRequest } from "../../../src/contract/present.ts";
import type { Target } from "../../../src/contract/target.ts";
import type { Batch, CallWrites } from "../../../src/contract/write.ts";
import { usageFailure } from "../../../src/core/errors.ts";
import { sha256Of } from "../../../src/core/files.ts";
import type { MemoryClient } from "./client.ts";
import type { MemoryRecord, WriteRequest } from "./server.ts";
import { cellsOf, clearCell, idColumn, renderField, schemaOf, versionColumn } from "./values.ts";

const resultColumns = { id: "result_id", created: "result_new", error: "result_error" };
const rowsMax = 100;

export function openMemoryTarget(client: MemoryClient): Target {
  const describe: Target["describe"] = (object) =>
    client.explain(`describing ${object}`, async () => {
      const fields = await client.fields(object);
      const own = [{ name: idColumn, type: "id" } as const, ...fields];
      const schemas = new Map(own.map((field) => [field.name, schemaOf(field)]));
      return { object, label: object, createable: true, updateable: true, deletable: true, fields: schemas };
    });
  return withAccount(client, {
    capabilities: {
      batchesInFlight: 2,
      clearCell,
      idColumn,
      versionColumn,
      results: resultColumns,
      modes: ["insert", "update", "upsert", "delete", "mirror"],
      namedKeysMax: 1000,
      findsByAnyField: true,
    },
    listObjects: async () =>
      (await client.get<string[]>("/objects", { doing: "listing objects" })).map((name) => ({
        ...{ name, label: name, createable: true, updateable: true, deletable: true, queryable: true, custom: false },
      })),
    describe,
    resolveField: async ({ fields }, name) => fields.get(name),
    explainName: async () => undefined,
    async refuseDemands({ hardDelete, assignmentRule, place }) {
      if (!hardDelete && assignmentRule === undefined) return;
      throw usageFailure("the memory CRM has neither hard_delete nor assignment_rule", { where: place });
    },
    render: renderField,
    clearedValue: () => "CAST(NULL AS VARCHAR)",
    snapshot: (request) => client.explain(`reading ${request.object}`, () => readPresent(client, request)),
    forecastReads: (records) => Math.ceil(records / rowsMax),
    chooseWay: ({ batchRows = rowsMax }) => ({
      ...{ via: "collections", how: "by calls", batchRowsMax: Math.min(batchRows, rowsMax), batchBytesMax: 10_000_000 },
    }),
    forecastCalls: () => 1,
    writes: { calls: callWrites(client) },
    readError: (text) => JSON.parse(text),
  });
}

/** By key where keys are named, else all pages. */
async function readPresent(client: MemoryClient, request: SnapshotRequest): Promise<Snapshot> {
  const { object, fields, key, keys, signal } = request;
  const field = key[0] ?? idColumn;
  async function* groups(): AsyncGenerator<MemoryRecord[]> {
    if (keys === undefined) {
      for await (const { records } of client.pages(object, {}, signal)) yield records;
      return;
    }
    const doing = `reading ${object} by ${field}`;
    const read = (values: string[]) =>
      client.post<MemoryRecord[]>(`/records/${object}/read`, { field, values }, { doing, signal });
    yield* lookUp(keys.read(), { items: rowsMax, lanes: 2 }, read);
  }
  const columns = [idColumn, versionColumn, ...fields];
  async function* cells(): AsyncGenerator<string[][]> {
    for await (const records of groups()) yield records.map((record) => cellsOf(record, columns));
  }
  return saveSnapshot(request, columns, cells(), keys === undefined ? "one scan" : "keyed reads");
}

function callWrites(client: MemoryClient): CallWrites {
  return {
    proofOf: () => "own-id",
    async write(batch, _attempt, files, signal) {
      const { headers, rows } = readBatchRows(batch.path);
      const request = requestOf(batch, headers, rows);
      const purpose = { doing: `writing ${rows.length} ${batch.object}`, signal };
      const results = await client.post<Answer[]>(`/records/${batch.object}/write`, request, purpose);
      const sent = rows.map((cells, index) => ({ trace: traceOf(index), cells }));
      const answered = matchByTrace(sent, results).map(([{ cells }, { id = "", created, error }]): AnsweredRow => {
        if (error !== undefined) return { id, error: errorText(error), cells };
        return { id, created: createdCell(created === true, false), cells };
      });
      saveAnsweredRows(headers, answered, resultColumns, files);
    },
  };
}

interface Answer {
  trace: string;
  id?: string;
  created?: boolean;
  error?: { code: string; message: string; field: string };
}

function errorText({ code, message, field }: NonNullable<Answer["error"]>): string {
  return JSON.stringify({ code, message, fields: [field] });
}

function traceOf(index: number): string {
  return String(index);
}

/** The mark is the same whenever the batch is sent, and that of no other batch. A blank cell leaves its field alone. */
function requestOf(batch: Batch, headers: readonly string[], rows: readonly string[][]): WriteRequest {
  const { operation, externalId } = batch;
  if (operation === "replace" || operation === "undelete") throw new Error(`the memory CRM has no ${operation}`);
  return {
    mark: sha256Of(Buffer.from(batch.path)),
    operation: operation === "hardDelete" ? "delete" : operation,
    ...(externalId === undefined ? {} : { key: externalId }),
    rows: rows.map((cells, index) => {
      const at = headers.indexOf(idColumn);
      const filled = headers.flatMap((name, column) => {
        const cell = cells[column] ?? "";
        return cell === "" || name === idColumn ? [] : [[name, cell === clearCell ? null : cell] as const];
      });
      return { trace: traceOf(index), ...(at < 0 ? {} : { id: cells[at] ?? "" }), values: Object.fromEntries(filled) };
    }),
  };
}
