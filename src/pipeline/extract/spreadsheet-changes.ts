// What a spreadsheet does to texts that look like something else, when it opens a CSV file and saves it. In: a text before and
// after. Out: what happened to it. Nothing here knows a row or a file.

import { monthLocales, monthNames } from "../../values/month-names.ts";

/** Digits that a spreadsheet's number holds. */
const digitsHeld = 15;

const rules: readonly [why: string, isSo: (before: string, after: string) => boolean][] = [
  [
    "its leading zeros are gone",
    (before, after) => /^0+\d+$/.test(before) && after === before.replace(/^0+(?=\d)/, ""),
  ],
  ["its leading + is gone", (before, after) => /^\+\d+$/.test(before) && after === before.slice(1)],
  [
    "its digits were shortened to a power of ten",
    (before, after) =>
      /^\+?(\d{12,}|\d+e\+?\d+)$/i.test(before) && /^\d([.,]\d+)?E\+?\d+$/i.test(after) && isRounded(before, after),
  ],
  [
    "it was taken for a power of ten",
    (before, after) => /^\d+e\+?\d+$/i.test(before) && /^\d+$/.test(after) && Number(before) === Number(after),
  ],
  [
    "its last digits became zeros",
    (before, after) =>
      /^\d{16,}$/.test(before) &&
      after.length === before.length &&
      after === before.slice(0, digitsHeld).padEnd(before.length, "0"),
  ],
  [
    "its last zeros are gone",
    (before, after) => /^-?\d+[.,]\d*0$/.test(before) && dot(after) === dot(before).replace(/\.?0+$/, ""),
  ],
  ["a date was written in another form", (before, after) => isDateRewritten(before, after)],
  [
    "it was taken for a date",
    (before, after) => /^(\d{1,4}[-/.]\d{1,4}|\p{L}+[- .]?\d+)$/u.test(before) && isDayOfMonth(before, after),
  ],
  [
    "a time was written in another form",
    (before, after) =>
      /^\d{1,2}:\d{2}$/.test(before) && /^\d{1,2}:\d{2}(:00)?$/.test(after) && minutes(before) === minutes(after),
  ],
  [
    "it was taken for true or false",
    (before, after) =>
      /^true$/i.test(before)
        ? /^(TRUE|WAHR|VRAI)$/.test(after)
        : /^false$/i.test(before) && /^(FALSE|FALSCH|FAUX)$/.test(after),
  ],
  ["it was taken for a formula", (before, after) => /^=/.test(before) && /^-?\d+([.,]\d+)?$/.test(after)],
  ["a formula failed", (_before, after) => formulaErrors.has(after)],
  [
    "it was cut off",
    (before, after) => after.length === cellMax && before.length > cellMax && before.startsWith(after),
  ],
];

/** Characters that a spreadsheet's cell holds. */
const cellMax = 32_767;

const formulaErrors = new Set([
  "#NAME?",
  "#VALUE!",
  "#REF!",
  "#DIV/0!",
  "#N/A",
  "#NUM!",
  "#NULL!",
  "#WERT!",
  "#BEZUG!",
  "#NV",
  "#ZAHL!",
  "#NOM?",
  "#VALEUR!",
]);

/** `02. Jan`, `2-Jan-26`, `Jan-26`, `Mrz 26` of `2-1`, `1-2`, `1/26`, `JAN26`: with a month of some language, and numbers that were there. */
function isDayOfMonth(before: string, after: string): boolean {
  const [, day = "", name = "", year = ""] = /^(\d{1,2}[-. ]+)?(\p{L}{3,4})\.?([-. ]+\d{2,4})?$/u.exec(after) ?? [];
  const numbersOf = (text: string) => (text.match(/\d+/g) ?? []).map((digits) => Number(digits) % 100);
  const numbers = numbersOf(before);
  const letters = /^\p{L}+/u.exec(before)?.[0];
  const meant = letters === undefined ? numbers : monthsCalled(letters);
  const isMonth = monthsCalled(name).some((month) => meant.includes(month));
  return isMonth && numbersOf(`${day} ${year}`).some((number) => numbers.includes(number));
}

/** 1 to 12, as the languages say. */
function monthsCalled(name: string): number[] {
  const small = name.toLowerCase();
  const called = monthLocales.flatMap((language) =>
    monthNames(language).flatMap((names, index) => (names.includes(small) ? [index + 1] : [])),
  );
  return [...new Set(called)];
}

/** Whether a power of ten is the number before, less the digits that it leaves out. */
function isRounded(before: string, after: string): boolean {
  const [number, power] = [Number(before), Number(dot(after))];
  return Math.abs(number - power) <= Math.abs(number) * 0.005;
}

function minutes(time: string): string {
  return time.split(":").slice(0, 2).map(Number).join(":");
}

function dot(text: string): string {
  return text.replace(",", ".");
}

/** Year, month and day in another order, perhaps with a time behind. */
function isDateRewritten(timeBefore: string, timeAfter: string): boolean {
  const [before = "", after = ""] = [timeBefore, timeAfter].map((text) => text.split(/[ T](?=\d{1,2}:\d{2})/)[0]);
  const form = /^\d{1,4}([-./])\d{1,2}\1\d{1,4}$/;
  if (!form.test(before) || !form.test(after)) return false;
  const shapeOf = (text: string) => text.replaceAll(/\d+/g, (digits) => String(digits.length));
  const numbers = (text: string) =>
    text
      .split(/[-./]/)
      .map((part) => Number(part) % 100)
      .sort((left, right) => left - right)
      .join(" ");
  return shapeOf(before) !== shapeOf(after) && numbers(before) === numbers(after);
}

/** Undefined where a person may have meant it. */
export function changedByItself(before: string, after: string): string | undefined {
  if (before === after) return undefined;
  return rules.find(([, isSo]) => isSo(before, after))?.[0];
}

/** A cell with the line breaks that it had: editors write all of a file anew by their own. */
export function withBreaksOf(before: string, after: string): string {
  const plain = after.replaceAll("\r\n", "\n");
  if (plain === before.replaceAll("\r\n", "\n")) return before;
  const isWindows = before.includes("\r\n") && !/(?<!\r)\n|\r(?!\n)/.test(before);
  if (isWindows && !after.includes("\r")) return after.replaceAll("\n", "\r\n");
  return before.includes("\r") ? after : plain;
}
