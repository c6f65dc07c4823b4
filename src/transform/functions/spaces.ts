// Texts made tidy, cut and hidden: blanks, lengths, all but the last characters.

import { isBlank, isPlain, trimmed } from "../../values/trim.ts";
import { bind } from "../../values/value.ts";
import type { OwnFunction, Written } from "../own-function.ts";
import { asText, impossible } from "./reading.ts";

export const spaceFunctions: readonly OwnFunction[] = [
  {
    name: "blank_to",
    signature: "blank_to(value, other)",
    does: "the value as it is; where there is nothing to see, the other one",
    examples: [
      { call: "blank_to(' ', 'unknown')", gives: "unknown" },
      { call: "blank_to(NULL, 0)", gives: "0" },
      { call: "blank_to('Acme', 'unknown')", gives: "Acme" },
    ],
    macro: () => `(value, other) AS CASE WHEN ${isBlank(asText)} THEN other ELSE value END`,
  },
  {
    name: "collapse_spaces",
    signature: "collapse_spaces(text)",
    does: "one blank for each run of blanks, tabs and line breaks, none at the ends; blank is none",
    examples: [
      { call: "collapse_spaces('  Acme   Corp ')", gives: "Acme Corp" },
      { call: "collapse_spaces('Main Street 1' || chr(10) || 'Berlin')", gives: "Main Street 1 Berlin" },
    ],
    macro: () => `(value) AS ${collapseSpaces()}`,
  },
  {
    name: "truncate",
    signature: "truncate(text, count [, unit])",
    does: "its beginning, of so many characters at most; `'bytes'`: of so many bytes of UTF-8; `'word'`: characters, and no word is cut that is shorter than all of it. A letter and its accents, or an emoji of several parts, stay whole",
    examples: [
      { call: "truncate('Müller-Lüdenscheidt', 10)", gives: "Müller-Lüd" },
      { call: "truncate('Müller', 2, 'bytes')", gives: "M" },
      { call: "truncate('Senior Account Manager', 17, 'word')", gives: "Senior Account" },
    ],
    complain: { count: complainAboutCount, unit: complainAboutUnit },
    macro: () => `(value, count) AS ${ofCount(cutCharacters())},
      (value, count, unit) AS CASE unit WHEN 'characters' THEN ${ofCount(cutCharacters())}
        WHEN 'bytes' THEN ${ofCount(cutBytes())} WHEN 'word' THEN ${ofCount(cutAtWord())}
        ELSE CAST(CAST(${impossible("unit")} AS INTEGER) AS VARCHAR) END`,
  },
  {
    name: "mask",
    signature: "mask(text [, shown])",
    does: "stars, but for the last four characters or as many as `shown` says; all of a text that is not twice as long",
    examples: [
      { call: "mask('DE89370400440532013000')", gives: "******************3000" },
      { call: "mask('4711')", gives: "****" },
      { call: "mask('Annika', 0)", gives: "******" },
    ],
    complain: { shown: complainAboutCount },
    macro: () => `(value) AS ${mask("4")}, (value, shown) AS ${mask("shown")}`,
  },
];

/** What Unicode calls white space. Format characters stay: they join letters and emojis. */
const spaces = "\\t-\\r\\x20\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}";

function collapseSpaces(): string {
  const isTidy = `${isPlain(asText)} AND NOT regexp_matches(${asText}, '  |[^ -~]')`;
  const single = `regexp_replace(${trimmed(asText)}, '[${spaces}]+', ' ', 'g')`;
  return `CASE WHEN ${isTidy} THEN ${asText} ELSE nullif(${single}, '') END`;
}

/**
 * `prefix`: the beginning of a text, cut anywhere between two characters. The engine takes a carriage return and its line
 * feed for two graphemes where it sees nothing but ASCII before, so they are kept together by themselves.
 */
function withoutHalfGrapheme(prefix: string): string {
  return bind("text", asText, (text) =>
    bind("prefix", prefix, (start) => {
      const count = `length_grapheme(${start})`;
      const whole = `CASE WHEN left_grapheme(${text}, ${count}) = ${start} THEN ${start} ELSE left_grapheme(${text}, ${count} - 1) END`;
      const isBroken = `suffix(${start}, chr(13)) AND substr(${text}, length(${start}) + 1, 1) = chr(10)`;
      return `CASE WHEN ${isBroken} THEN left(${start}, -1) WHEN contains(${start}, chr(13)) THEN
        ${afterLineBreak(text, start)} ELSE ${whole} END`;
    }),
  );
}

/** The engine counts graphemes rightly in what follows the last carriage return. */
function afterLineBreak(text: string, start: string): string {
  const tail = `split_part(${start}, chr(13), -1)`;
  const rest = `substr(${text}, length(${start}) - length(${tail}) + 1)`;
  return `CASE WHEN left_grapheme(${rest}, length_grapheme(${tail})) = ${tail} THEN ${start}
    ELSE left(${start}, length(${start}) - length(${tail})) || left_grapheme(${rest}, length_grapheme(${tail}) - 1) END`;
}

/** A count of a column may be anything: one less than nothing would count from the end, and a fraction be rounded. */
function ofCount(cut: string): string {
  return `CASE WHEN count < 0 OR CAST(count AS DOUBLE) <> floor(CAST(count AS DOUBLE)) THEN CAST(CAST(${impossible("CAST(count AS VARCHAR)")} AS INTEGER) AS VARCHAR)
    WHEN count IS NULL THEN NULL ELSE ${cut} END`;
}

/** Bytes are counted without reading the text, and are never fewer than characters. */
function cutCharacters(): string {
  const prefix = `left(${asText}, CAST(count AS BIGINT))`;
  const isEasy = `strlen(${asText}) = length(${asText}) AND NOT contains(${asText}, chr(13))`;
  return `CASE WHEN strlen(${asText}) <= count OR length(${asText}) <= count THEN ${asText}
    WHEN ${isEasy} THEN ${prefix} ELSE ${withoutHalfGrapheme(prefix)} END`;
}

/** Where the byte after the end goes on with a character, the end is one of at most three bytes before. */
function cutBytes(): string {
  const byte = (place: string) => `hex(array_slice(encode(${asText}), ${place}, ${place}))`;
  const isInside = (place: string) => `${byte(place)} BETWEEN '80' AND 'BF'`;
  const count = "CAST(count AS BIGINT)";
  const end = `CASE WHEN NOT ${isInside(`${count} + 1`)} THEN ${count} WHEN NOT ${isInside(count)} THEN ${count} - 1
    WHEN NOT ${isInside(`${count} - 1`)} THEN ${count} - 2 ELSE ${count} - 3 END`;
  const prefix = `decode(array_slice(encode(${asText}), 1, ${end}))`;
  return `CASE WHEN strlen(${asText}) <= count THEN ${asText}
    WHEN strlen(${asText}) = length(${asText}) THEN ${cutCharacters()} ELSE ${withoutHalfGrapheme(prefix)} END`;
}

/** The text is longer. A word goes to the next blank; one that is too long by itself is cut. */
function cutAtWord(): string {
  const prefix = cutCharacters();
  const next = `substr(${asText}, length(${prefix}) + 1, 1)`;
  const whole = `regexp_replace(${prefix}, '[${spaces}]+[^${spaces}]*$', '')`;
  const atEnd = `regexp_replace(${prefix}, '[${spaces}]+$', '')`;
  return `CASE WHEN length(${asText}) <= count THEN ${asText}
    WHEN regexp_matches(${next}, '[${spaces}]') OR regexp_matches(${prefix}, '[${spaces}]$') THEN ${atEnd}
    WHEN ${whole} <> '' THEN ${whole} ELSE ${atEnd} END`;
}

function mask(shown: string): string {
  const text = trimmed(asText);
  const stars = (count: string) => `repeat('*', ${count})`;
  const long = `${stars(`length_grapheme(${text}) - ${shown}`)} || right_grapheme(${text}, ${shown})`;
  return `CASE WHEN ${isBlank(asText)} THEN NULL WHEN length_grapheme(${text}) >= 2 * ${shown} AND ${shown} > 0
    THEN ${long} ELSE ${stars(`length_grapheme(${text})`)} END`;
}

function complainAboutCount(written: Written): string | undefined {
  if (written.kind === "computed") return undefined;
  const isWhole = written.kind === "constant" && Number.isInteger(written.value) && Number(written.value) >= 0;
  return isWhole ? undefined : "the count is a whole number, 80 say";
}

function complainAboutUnit(written: Written): string | undefined {
  const isKnown = written.kind === "text" && ["characters", "bytes", "word"].includes(written.text);
  return isKnown ? undefined : "the unit is 'characters', 'bytes' or 'word'";
}
