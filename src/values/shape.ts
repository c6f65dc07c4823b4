// What a text looks like without saying what it is: `9 digits, 1 letter`. For messages about values that may not be shown.

import { invisibleClass } from "./trim.ts";

const blank = "[\\p{Zs}\\t]";

/** Of each kind what is counted: characters that are not of it are taken away first. */
const kinds: readonly (readonly [noun: string, others: string])[] = [
  ["letter", "[^\\p{L}\\p{M}]"],
  ["digit", "[^\\p{N}]"],
  ["blank", "[^\\p{Zs}\\t]"],
];

/** VARCHAR. Only for rows that are rejected: it reads the text several times. */
export function shapeOf(text: string): string {
  const count = (sql: string, others: string) => `length(regexp_replace(${sql}, '${others}', '', 'g'))`;
  const tell = (noun: string, number: string) =>
    `CASE ${number} WHEN 0 THEN NULL WHEN 1 THEN '1 ${noun}' ELSE ${number} || ' ${noun}s' END`;
  const seen = `regexp_replace(${text}, '[\\p{L}\\p{M}\\p{N}]|${blank}|[${invisibleClass}]', '', 'g')`;
  const hidden = `regexp_replace(regexp_replace(${text}, '${blank}', '', 'g'), '[^${invisibleClass}]', '', 'g')`;
  const told = [
    ...kinds.map(([noun, others]) => tell(noun, count(text, others))),
    tell("other character", `length(${seen})`),
    tell("invisible character", `length(${hidden})`),
  ];
  return `coalesce(nullif(concat_ws(', ', ${told.join(", ")}), ''), 'nothing')`;
}
