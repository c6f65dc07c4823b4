// Stand-ins for values that are never shown. In: the cells of a row, which of them are hidden. Out: the same with letters
// for letters and digits for digits. Must hold: a stand-in says nothing of its value but its shape, so it is not made from
// it: from the place of the value among the hidden ones of the row alone. The same value has the same stand-in.

import { createHash } from "node:crypto";
import type { CellValue } from "../../../job/test-case.ts";

/** `attempt`: another one for each number; of every three, two have low digits only, as days and months want them. */
export function standIn(
  cells: ReadonlyMap<string, CellValue>,
  isHidden: (column: string) => boolean,
  attempt: number,
): Map<string, CellValue> {
  const order = new Map<string, number>();
  for (const [name, value] of cells) {
    if (!isHidden(name) || value === null || !hasSigns.test(value)) continue;
    const folded = value.toLowerCase();
    if (!order.has(folded)) order.set(folded, order.size);
  }
  return new Map(
    [...cells].map(([name, value]) => {
      // Also where another column has the very value.
      const place = value === null ? undefined : order.get(value.toLowerCase());
      return [
        name,
        value === null || place === undefined ? value : replaceSigns(value, `${attempt}:${place}`, attempt),
      ];
    }),
  );
}

const hasSigns = /[\p{L}\p{N}]/u;

function replaceSigns(value: string, seed: string, attempt: number): string {
  const draw = drawFrom(seed);
  const digits = attempt % 3 === 0 ? 10 : 3;
  return value.replaceAll(/\p{M}+|[\p{L}\p{N}]/gu, (sign) => {
    if (/^\p{M}/u.test(sign)) return "";
    const drawn = draw();
    if (/\p{N}/u.test(sign)) return String(drawn % digits);
    const letter = String.fromCharCode(97 + (drawn % 26));
    return /\p{Lu}/u.test(sign) ? letter.toUpperCase() : letter;
  });
}

/** Bytes, as many as are asked for, always the same of a seed. */
function drawFrom(seed: string): () => number {
  let block = Buffer.alloc(0);
  let next = 0;
  let blocks = 0;
  return () => {
    if (next === block.length) {
      block = createHash("sha256").update(`${seed}:${blocks}`).digest();
      blocks += 1;
      next = 0;
    }
    const drawn = block[next] ?? 0;
    next += 1;
    return drawn;
  };
}
