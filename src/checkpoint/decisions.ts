// What people have decided, as cells of SQLite and back: approvals of plans, and rows of a run that are no more open.

import type { ApprovalRecord, ClosedRow } from "./facts.ts";
import { text, textOrNull } from "./records.ts";
import type { Cells } from "./table.ts";

export function approvalCells({ planHash, by, at, guards, ...rest }: ApprovalRecord): Cells {
  return { ...rest, plan_hash: planHash, approved_by: by, approved: at, guards: JSON.stringify(guards) };
}

export function approvalRecord(cells: Cells): ApprovalRecord {
  return {
    plan: text(cells["plan"]),
    number: Number(cells["number"]),
    planHash: text(cells["plan_hash"]),
    by: text(cells["approved_by"]),
    note: textOrNull(cells["note"]),
    at: text(cells["approved"]),
    guards: JSON.parse(text(cells["guards"])) as string[],
  };
}

export function closedCells({ run, stream, row, by, reason }: ClosedRow, at: string): Cells {
  return { run, stream, row, closed_by: by, reason, closed: at };
}

export function closedRow(cells: Cells): ClosedRow {
  return {
    run: text(cells["run"]),
    stream: text(cells["stream"]),
    row: text(cells["row"]),
    by: textOrNull(cells["closed_by"]),
    reason: textOrNull(cells["reason"]),
  };
}
