// The ledger's records as cells of SQLite and back.

import type { ExitCode } from "../core/exit-code.ts";
import { type Action, noCounts, type Operation, type StreamCounts, type Way } from "../core/model.ts";
import type { BatchStateName } from "./batch-states.ts";
import type {
  BatchRecord,
  DeliveredRecord,
  InsertedRecord,
  KeptAggregate,
  PartRecord,
  RunOptions,
  RunRecord,
  RunStatus,
  StreamMeasure,
  StreamRecord,
  StreamState,
  TakenRecord,
  TakeRecord,
  WaitingRecord,
  Watermark,
  WindowRecord,
} from "./facts.ts";
import type { Cell, Cells } from "./table.ts";

export function text(cell: Cell | undefined): string {
  return String(cell);
}

export function textOrNull(cell: Cell | undefined): string | null {
  return cell === null || cell === undefined ? null : String(cell);
}

export function runCells(run: RunRecord): Cells {
  return {
    id: run.id,
    job: run.job,
    job_hash: run.jobHash,
    job_file: run.jobFile,
    command: run.command,
    options: JSON.stringify(run.options),
    started: run.started,
    finished: run.finished,
    status: run.status,
    exit_code: run.exitCode,
    next: run.next,
    summary: run.summary,
    job_sha256: run.jobSha256,
  };
}

export function runRecord(cells: Cells): RunRecord {
  return {
    id: text(cells["id"]),
    job: text(cells["job"]),
    jobHash: text(cells["job_hash"]),
    jobFile: text(cells["job_file"]),
    command: text(cells["command"]) as RunRecord["command"],
    options: JSON.parse(text(cells["options"])) as RunOptions,
    started: text(cells["started"]),
    finished: textOrNull(cells["finished"]),
    status: text(cells["status"]) as RunStatus,
    exitCode: cells["exit_code"] === null ? null : (Number(cells["exit_code"]) as ExitCode),
    next: textOrNull(cells["next"]),
    summary: textOrNull(cells["summary"]),
    jobSha256: textOrNull(cells["job_sha256"]),
  };
}

export function streamCells(stream: StreamRecord): Cells {
  const { planSha256, counts, rejectsBytes, notes, stops, aggregates, measured, ...rest } = stream;
  return {
    ...rest,
    rejects_bytes: rejectsBytes,
    plan_sha256: planSha256,
    counts: counts === null ? null : JSON.stringify(counts),
    notes: JSON.stringify(notes),
    stops: JSON.stringify(stops),
    aggregates: JSON.stringify(aggregates),
    measured_of: measured?.of ?? null,
    measured: measured === null ? null : JSON.stringify(measured),
  };
}

export function streamRecord(cells: Cells): StreamRecord {
  const counts = textOrNull(cells["counts"]);
  return {
    run: text(cells["run"]),
    name: text(cells["name"]),
    connection: text(cells["connection"]),
    org: text(cells["org"]),
    object: text(cells["object"]),
    mode: text(cells["mode"]),
    state: text(cells["state"]) as StreamState,
    planSha256: textOrNull(cells["plan_sha256"]),
    plan: textOrNull(cells["plan"]),
    counts: counts === null ? null : { ...noCounts(), ...(JSON.parse(counts) as StreamCounts) },
    how: textOrNull(cells["how"]),
    rejectsBytes: Number(cells["rejects_bytes"]),
    writes: textOrNull(cells["writes"]),
    partial: textOrNull(cells["partial"]),
    notes: JSON.parse(text(cells["notes"])) as string[],
    stops: JSON.parse(text(cells["stops"])) as string[],
    aggregates: JSON.parse(text(cells["aggregates"])) as KeptAggregate[],
    shape: textOrNull(cells["shape"]),
    measured: cells["measured"] === null ? null : (JSON.parse(text(cells["measured"])) as StreamMeasure),
    found: textOrNull(cells["found"]),
  };
}

export function partCells(run: string, stream: string, part: PartRecord): Cells {
  return {
    run,
    stream,
    ordinal: part.ordinal,
    path: part.path,
    label: part.label,
    locator: part.locator,
    bytes: part.bytes,
    sha256: part.sha256,
    compressed: Number(part.compressed),
    suspect: Number(part.suspect),
    columns: JSON.stringify(part.columns),
    careful: Number(part.careful),
    row_count: part.rows,
    file_ordinal: part.cameIn?.ordinal ?? null,
    file_sha256: part.cameIn?.sha256 ?? null,
  };
}

export function partRecord(cells: Cells): PartRecord {
  const fileSha256 = textOrNull(cells["file_sha256"]);
  return {
    ordinal: Number(cells["ordinal"]),
    path: text(cells["path"]),
    label: text(cells["label"]),
    locator: text(cells["locator"]),
    bytes: Number(cells["bytes"]),
    sha256: text(cells["sha256"]),
    compressed: cells["compressed"] === 1,
    suspect: cells["suspect"] === 1,
    columns: JSON.parse(text(cells["columns"])) as string[],
    careful: cells["careful"] === 1,
    rows: cells["row_count"] === null ? null : Number(cells["row_count"]),
    ...(fileSha256 === null ? {} : { cameIn: { ordinal: Number(cells["file_ordinal"]), sha256: fileSha256 } }),
  };
}

export function windowCells(window: WindowRecord): Cells {
  return {
    run: window.run,
    stream: window.stream,
    source_org: window.sourceOrg,
    from_time: window.from,
    to_time: window.to,
    moves: Number(window.moves),
    handle: window.handle,
  };
}

export function windowRecord(cells: Cells): WindowRecord {
  return {
    run: text(cells["run"]),
    stream: text(cells["stream"]),
    sourceOrg: text(cells["source_org"]),
    from: textOrNull(cells["from_time"]),
    to: textOrNull(cells["to_time"]),
    moves: cells["moves"] === 1,
    handle: textOrNull(cells["handle"]),
  };
}

export function watermarkCells(watermark: Watermark): Cells {
  return {
    job: watermark.job,
    stream: watermark.stream,
    source_org: watermark.sourceOrg,
    target_org: watermark.targetOrg,
    object: watermark.object,
    job_file: watermark.jobFile,
    source: watermark.source,
    to_time: watermark.to,
    run: watermark.run,
    seen_file: watermark.seenFile,
    pending: JSON.stringify(watermark.pending),
    seen_sha256: watermark.seenSha256,
    full_time: watermark.full,
    known_file: watermark.knownFile,
    known_sha256: watermark.knownSha256,
  };
}

export function watermarkRecord(cells: Cells): Watermark {
  return {
    job: text(cells["job"]),
    stream: text(cells["stream"]),
    sourceOrg: text(cells["source_org"]),
    targetOrg: text(cells["target_org"]),
    object: text(cells["object"]),
    jobFile: text(cells["job_file"]),
    source: text(cells["source"]),
    to: text(cells["to_time"]),
    run: text(cells["run"]),
    seenFile: textOrNull(cells["seen_file"]),
    pending: JSON.parse(text(cells["pending"])) as string[],
    seenSha256: textOrNull(cells["seen_sha256"]),
    full: textOrNull(cells["full_time"]),
    knownFile: textOrNull(cells["known_file"]),
    knownSha256: textOrNull(cells["known_sha256"]),
  };
}

export function deliveredCells({ targetOrg, jobFile, key, ...rest }: DeliveredRecord): Cells {
  return { ...rest, target_org: targetOrg, job_file: jobFile, key_fields: JSON.stringify(key) };
}

export function deliveredRecord(cells: Cells): DeliveredRecord {
  return {
    job: text(cells["job"]),
    stream: text(cells["stream"]),
    targetOrg: text(cells["target_org"]),
    object: text(cells["object"]),
    jobFile: text(cells["job_file"]),
    key: JSON.parse(text(cells["key_fields"])) as string[],
    file: text(cells["file"]),
    run: text(cells["run"]),
    sha256: textOrNull(cells["sha256"]),
  };
}

export function waitingCells({ targetOrg, jobFile, rows, ...rest }: WaitingRecord): Cells {
  return { ...rest, target_org: targetOrg, job_file: jobFile, row_count: rows };
}

export function waitingRecord(cells: Cells): WaitingRecord {
  return {
    job: text(cells["job"]),
    stream: text(cells["stream"]),
    targetOrg: text(cells["target_org"]),
    object: text(cells["object"]),
    jobFile: text(cells["job_file"]),
    file: text(cells["file"]),
    run: text(cells["run"]),
    sha256: text(cells["sha256"]),
    rows: Number(cells["row_count"]),
  };
}

export function insertedCells({ rows, ...rest }: InsertedRecord): Cells {
  return { ...rest, row_count: rows };
}

export function insertedRecord(cells: Cells): InsertedRecord {
  return {
    org: text(cells["org"]),
    object: text(cells["object"]),
    run: text(cells["run"]),
    stream: text(cells["stream"]),
    file: text(cells["file"]),
    sha256: text(cells["sha256"]),
    rows: Number(cells["row_count"]),
    settled: textOrNull(cells["settled"]),
  };
}

export function takeCells(take: TakeRecord): Cells {
  const { modifiedMs, rows, takenBy, acknowledged, ...rest } = take;
  return {
    ...rest,
    modified: modifiedMs,
    row_count: rows,
    taken_by: takenBy,
    acknowledged: Number(acknowledged),
  };
}

export function takeRecord(cells: Cells): TakeRecord {
  return {
    run: text(cells["run"]),
    stream: text(cells["stream"]),
    ordinal: Number(cells["ordinal"]),
    label: text(cells["label"]),
    bytes: Number(cells["bytes"]),
    modifiedMs: Number(cells["modified"]),
    rows: cells["row_count"] === null ? null : Number(cells["row_count"]),
    sha256: textOrNull(cells["sha256"]),
    takenBy: textOrNull(cells["taken_by"]),
    acknowledged: cells["acknowledged"] === 1,
  };
}

export function takenCells(taken: TakenRecord): Cells {
  const { targetOrg, jobFile, modifiedMs, ...rest } = taken;
  return { ...rest, target_org: targetOrg, job_file: jobFile, modified: modifiedMs };
}

export function takenRecord(cells: Cells): TakenRecord {
  return {
    job: text(cells["job"]),
    stream: text(cells["stream"]),
    targetOrg: text(cells["target_org"]),
    object: text(cells["object"]),
    jobFile: text(cells["job_file"]),
    sha256: text(cells["sha256"]),
    run: text(cells["run"]),
    label: text(cells["label"]),
    bytes: Number(cells["bytes"]),
    modifiedMs: Number(cells["modified"]),
    settled: text(cells["settled"]),
  };
}

export function batchCells(batch: BatchRecord): Cells {
  return {
    run: batch.run,
    stream: batch.stream,
    number: batch.number,
    operation: batch.operation,
    object: batch.object,
    external_id: batch.externalId,
    action: batch.action,
    path: batch.path,
    bytes: batch.bytes,
    row_count: batch.rows,
    sha256: batch.sha256,
    state: batch.state,
    handle: batch.handle,
    attempts: batch.attempts,
    succeeded: batch.succeeded,
    failed: batch.failed,
    conflicts: batch.conflicts,
    in_doubt: batch.inDoubt,
    results_sha256: batch.resultsSha256,
    message: batch.message,
    via: batch.via,
    round: batch.round,
    again: Number(batch.again),
    level: batch.level,
  };
}

export function batchRecord(cells: Cells): BatchRecord {
  return {
    run: text(cells["run"]),
    stream: text(cells["stream"]),
    number: Number(cells["number"]),
    operation: text(cells["operation"]) as Operation,
    object: text(cells["object"]),
    externalId: textOrNull(cells["external_id"]),
    action: text(cells["action"]) as Action,
    path: text(cells["path"]),
    bytes: Number(cells["bytes"]),
    rows: Number(cells["row_count"]),
    sha256: text(cells["sha256"]),
    state: text(cells["state"]) as BatchStateName,
    handle: textOrNull(cells["handle"]),
    attempts: Number(cells["attempts"]),
    succeeded: Number(cells["succeeded"]),
    failed: Number(cells["failed"]),
    conflicts: Number(cells["conflicts"]),
    inDoubt: Number(cells["in_doubt"]),
    resultsSha256: textOrNull(cells["results_sha256"]),
    message: textOrNull(cells["message"]),
    via: text(cells["via"]) as Way,
    round: Number(cells["round"]),
    again: cells["again"] === 1,
    level: Number(cells["level"]),
  };
}
