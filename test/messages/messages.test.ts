// docs/messages.md is what the program prints today, and each message says what, where and what next.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "../support/rig.ts";
import { makeMistakes, writePage } from "./make.ts";

test("30 mistakes and more are each one message with what, where, why and what next, as docs/messages.md shows it", async () => {
  const mistakes = await makeMistakes();
  expect(mistakes.length).toBeGreaterThanOrEqual(30);
  for (const { title, printed, code, what, where, why, next } of mistakes) {
    expect(code, title).toBeGreaterThan(0);
    for (const part of [what, where, next, ...(why === undefined ? [] : [why])]) {
      expect(part, title).not.toBe("");
      expect(printed, title).toContain(part);
    }
    expect(printed, title).not.toMatch(/internal error|\n {4}at /);
  }
  expect(writePage(mistakes), "npm run messages writes it anew").toBe(
    readFileSync(join(repository, "docs/messages.md"), "utf8"),
  );
});
