// Calls of our functions, computed many at a time.

import fc from "fast-check";
import { literal } from "../../../src/core/sql.ts";
import type { Rig } from "../../stage/rig.ts";

/** What a call that refuses its value gives here. */
export const refused = Symbol("refused");

/** What each expression gives, as text. */
export async function computeAll(
  rig: Rig,
  expressions: readonly string[],
): Promise<(string | null | typeof refused)[]> {
  const list = expressions.map((sql) => `TRY(struct_pack(v := CAST((${sql}) AS VARCHAR)))`);
  const { values } = await rig.engine.one(`SELECT [${list.join(", ")}] AS values`);
  return (values as ({ v: string | null } | null)[]).map((value) => (value === null ? refused : value.v));
}

/** `sql` over a column `x` of all these texts. */
export async function computeOver(
  rig: Rig,
  sql: string,
  texts: readonly string[],
): Promise<Map<string, string | null | typeof refused>> {
  const rows = await rig.engine.all(
    `SELECT x, TRY(struct_pack(v := CAST((${sql}) AS VARCHAR))) AS value FROM (SELECT unnest(${listOf(texts)}) AS x)`,
  );
  const entries = rows.map(({ x, value }) => {
    const given = value as { v: string | null } | null;
    return [String(x), given === null ? refused : given.v] as const;
  });
  return new Map(entries);
}

export function listOf(texts: readonly string[]): string {
  return `[${texts.map(literal).join(", ")}]::VARCHAR[]`;
}

/** What files hold now and then. */
export const oddTexts: readonly string[] = [
  ...[
    "",
    " ",
    "\t\u00a0",
    "\u200b",
    "x",
    "X",
    "-",
    ".",
    ",",
    ";",
    "'",
    "''",
    "\\",
    "%",
    "&",
    "<",
    ">",
    "@",
    "&amp",
    "&#0;",
  ],
  ...[
    "Zoe\u0308 Mu\u0308ller",
    "Zoë Müller",
    "👨‍👩‍👧‍👦 Family",
    "🇩🇪🇫🇷",
    "👍🏽",
    "א ב",
    "\u202eabc",
    "مرحبا",
    "می\u200cخواهم",
  ],
  ...[
    "a\u00a0b",
    "a\u200bb",
    "１２３",
    "ＡＢＣ",
    "İSTANBUL",
    "ışık",
    "straße",
    "ǅ",
    "ﬁ",
    "ŉ",
    "µ",
    "ΣΊΣΥΦΟΣ",
    "a\r\nb",
    "\r\n",
  ],
  ...("x".repeat(300).match(/.{300}/g) ?? []),
];

/** Texts of these words and signs, and any. */
export function drawTexts(words: readonly string[], count = 300): string[] {
  const mixed = fc.array(fc.constantFrom(...words, " ", "  ", "-", "'", ".", ","), { maxLength: 8 });
  const texts = fc.oneof(
    mixed.map((parts) => parts.join("")),
    fc.string({ unit: "grapheme", maxLength: 20 }),
  );
  return fc.sample(texts, { numRuns: count, seed: 20261126 }).filter((text) => !text.includes("\0"));
}
