// Answers that were kept, and what a kill or a damaged disk leaves of them.

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCallJournal } from "../../src/load/call-journal.ts";

test("answers are kept for the bytes that were sent, whole lines alone", () => {
  const path = join(mkdtempSync(join(tmpdir(), "answers-")), "answers.jsonl");
  const first = openCallJournal(path, "sent", false);
  first.keep(
    new Map([
      [1, '{"id":"7"}'],
      [2, "line\nbreak"],
    ]),
  );
  first.keep(new Map([[3, "c"]]));
  const kept = (sha256: string) => [...openCallJournal(path, sha256, true).kept];
  expect(kept("sent")).toEqual([
    [1, '{"id":"7"}'],
    [2, "line\nbreak"],
    [3, "c"],
  ]);
  expect(kept("other bytes")).toEqual([]);
  const whole = readFileSync(path, "utf8");
  writeFileSync(path, whole.replace("7", "8"));
  expect(kept("sent")).toEqual([[3, "c"]]);
  writeFileSync(path, whole.slice(0, -2));
  openCallJournal(path, "sent", true).keep(new Map([[4, "d"]]));
  expect(kept("sent").map(([number]) => number)).toEqual([1, 2, 4]);
  openCallJournal(path, "sent", false);
  expect(kept("sent")).toEqual([]);
  // As an earlier version kept them, and as none does.
  const lines = [
    '[{"trace":"b.1-create.12","id":"7"}]',
    '[{"id":"8"}]',
    "{}",
    "null",
    "[null]",
    '[[0,"x"]]',
    '[[5,"e"]]',
  ];
  const sumOf = (line: string) => createHash("sha256").update(`sent ${line}`).digest("hex").slice(0, 16);
  writeFileSync(path, lines.map((line) => `\n${sumOf(line)} ${line}`).join(""));
  expect(kept("sent")).toEqual([
    [12, { trace: "b.1-create.12", id: "7" }],
    [5, "e"],
  ]);
});
