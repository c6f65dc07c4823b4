import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { literal } from "../../src/core/sql.ts";
import { Engine } from "../../src/stage/engine.ts";
import { foldSql, foldText, likeness } from "../../src/values/fold.ts";

const folder = mkdtempSync(join(tmpdir(), "loadline-fold-"));
const engine = await Engine.open({ folder, spillFolder: folder });

afterAll(() => {
  engine[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

test("every letter that has a case, and every sign of the first blocks, is folded alike by the engine and by JavaScript", async () => {
  const codes = Array.from({ length: 0x110000 }, (_, code) => code).filter((code) => {
    if (code === 0 || (code >= 0xd800 && code <= 0xdfff)) return false;
    const letter = String.fromCodePoint(code);
    return code < 0x2fff || letter.toLowerCase() !== letter || letter.toUpperCase() !== letter;
  });
  // A letter in front keeps U+FEFF from being taken for a byte order mark.
  const rows = await engine.all(`SELECT i, ${foldSql("letter")} AS folded FROM
    (SELECT i, 'x' || chr(i) AS letter FROM (SELECT unnest([${codes.join(", ")}]) AS i))`);
  const different = rows.filter(({ i, folded }) => folded !== foldText(`x${String.fromCodePoint(Number(i))}`));
  expect(different).toEqual([]);
  expect(rows).toHaveLength(codes.length);
});

const strange = fc.constantFrom(
  "ß",
  "ẞ",
  "İ",
  "ı",
  "i\u0307",
  "Σ",
  "σ",
  "ς",
  "\u212a",
  "K",
  "é",
  "e\u0301",
  "Ａ",
  "a",
  " ",
  "\u00a0",
  "\t",
  "\u200b",
  "ǅ",
  "ŉ",
);
const text = fc
  .array(fc.oneof(strange, fc.string({ unit: "grapheme", maxLength: 3 })), { maxLength: 8 })
  .map((parts) => parts.join(""));

test("so is every text, and folding it again changes nothing", async () => {
  const texts = fc.sample(
    text.filter((one) => !one.includes("\0") && !one.startsWith("\ufeff")),
    2000,
  );
  const list = texts.map((one) => literal(one)).join(", ");
  const rows = await engine.all(
    `SELECT ${foldSql("one")} AS folded, ${foldSql(`(${foldSql("one")})`)} AS again FROM (SELECT unnest([${list}]) AS one)`,
  );
  expect(rows.map(({ folded }) => folded)).toEqual(texts.map(foldText));
  expect(rows.map(({ again }) => again)).toEqual(texts.map(foldText));
});

test("what is equal is alike, and what some system takes for one is alike too", () => {
  fc.assert(
    fc.property(text, (one) => {
      expect(likeness(foldText(one), false)).toBe(likeness(one, false));
    }),
  );
  const alike = [
    ["Straße", "STRASSE"],
    ["İstanbul", "istanbul"],
    ["ıx", "IX"],
    ["ΟΔΟΣ", "οδος"],
    ["\u212aelvin", "kelvin"],
    ["ＡＢＣ", "abc"],
    ["㈜", "(주)"],
    ["e\u0301", "é"],
    ["A1\u00a0", "a1"],
    ["A1\u200b", "a1"],
  ] as const;
  for (const [one, other] of alike) expect(likeness(one, false), one).toBe(likeness(other, false));
  expect(foldText("\u212a")).not.toBe("k");
  expect(foldText("İ")).not.toBe("i");
  expect(foldText("STRASSE")).not.toBe(foldText("straße"));
});

test("where a field tells case, so does likeness", () => {
  expect(likeness("ABC", true)).not.toBe(likeness("abc", true));
  expect(likeness("ＡＢＣ", true)).toBe("ABC");
});
