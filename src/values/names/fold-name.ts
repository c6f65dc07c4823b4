// When two writings are one name: capitals, accents, hyphens and points apart. In: names and what they stand for. Out:
// what a name stands for. Must hold: one that stands for several things is never settled here.

/** Marks above letters of Latin, Greek and Cyrillic; of other scripts they make another letter. */
const accents = /[\u0300-\u036f]/g;

/** Letters that a decomposition leaves alone. */
const letters: Readonly<Record<string, string>> = { ß: "ss", ø: "o", đ: "d", ł: "l", ı: "i", æ: "ae", œ: "oe" };

function foldName(text: string): string {
  return text
    .normalize("NFKD")
    .replace(accents, "")
    .toLowerCase()
    .normalize("NFKD")
    .replace(accents, "")
    .replaceAll(/[ßøđłıæœ]/g, (letter) => letters[letter] ?? letter)
    .replaceAll("&", " and ")
    .replaceAll(/['’ʼ`]/g, "")
    .replaceAll(/[^\p{L}\p{N}\p{M}]+/gu, " ")
    .trim()
    .replace(/^the /, "");
}

/** What a name stands for, or why it stands for nothing. */
export type Found = { code: string } | { why: string };

export function foundOne(codes: readonly string[], unknown: string): Found {
  const [code, ...others] = codes;
  if (code === undefined) return { why: unknown };
  return others.length === 0 ? { code } : { why: `it may be ${codes.join(" or ")}` };
}

/** What names stand for: one thing each, or the several that share a name. */
export class NameIndex {
  readonly #codes = new Map<string, Set<string>>();

  /** Of names and codes; blank names are left out. */
  constructor(entries: Iterable<readonly (string | undefined)[]>) {
    for (const [name = "", code = ""] of entries) {
      const folded = foldName(name);
      if (folded === "" || code === "") continue;
      const codes = this.#codes.get(folded);
      if (codes === undefined) this.#codes.set(folded, new Set([code]));
      else codes.add(code);
    }
  }

  /** The codes, in order; several where the name is not clear, none where it is not known. */
  find(name: string): string[] {
    // As ISO writes it, and the United Nations: Korea, Republic of; Bolivia (Plurinational State of).
    const turned = name.split(/[,(]/).toReversed().join(" ");
    return [...(this.#codes.get(foldName(name)) ?? this.#codes.get(foldName(turned)) ?? [])].sort();
  }
}
