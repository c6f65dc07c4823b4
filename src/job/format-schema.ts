// What formats of sources and targets have in common: the characters of a CSV dialect.

import { z } from "zod";

export const character = z
  .string()
  .regex(/^[\s\S]$/u, "expected one character")
  .refine((one) => !/[\r\n]/.test(one), "a line break ends a line and can be nothing else")
  .refine(
    (one) => one.isWellFormed() && !"\0\ufeff\ufffd".includes(one),
    "this character can't be taken: take another one",
  );
/** The engine's quotes, and those of csv-parse, have one byte. */
export const asciiCharacter = character.refine(
  (one) => Buffer.byteLength(one) === 1,
  "a quote is a character of ASCII: take another one, or none where values have no quotes",
);
export const delimiter = character.describe("Between columns. Default: a comma.").optional();
export const quote = asciiCharacter.describe('Around values. Default: ".').optional();
export const quoteOrNone = z
  .union([asciiCharacter, z.literal("none")], "expected one character of ASCII, or none")
  .describe('Around values; none: a quote is a character like any other. Default: ".')
  .optional();

interface Dialect {
  delimiter?: string | undefined;
  quote?: string | undefined;
}

export function isClear({ delimiter = ",", quote = '"' }: Dialect): boolean {
  return delimiter !== quote;
}

export const isNotClear = "delimiter and quote are the same character";
