// What a spreadsheet does to texts that look like something else, when it opens a CSV file and saves it. In: a text before and
// after. Out: what happened to it. Nothing here knows a row or a file.

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
    (before, after) => /^\+?\d{12,}$/.test(before) && /^\d([.,]\d+)?E\+?\d+$/i.test(after),
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
];

function dot(text: string): string {
  return text.replace(",", ".");
}

/** Year, month and day in another order. */
function isDateRewritten(before: string, after: string): boolean {
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
