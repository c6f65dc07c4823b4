// Where a text holds a value, however it was written by those who repeat it: as it is, in JSON, HTML, a URL or form, in
// base64 or hex, and in one of these within another. In: a text and values. Out: the spans of the text that are a value, or the
// beginning or a piece of one. What must hold: what stands in an encoding is found by taking the encoding off, not by guessing it.

/** What is looked for, of one value. */
export interface Needle {
  text: string;
  /** It may be a word that is part of others (`sandbox` in an org's id): it counts where it stands alone. */
  isWord: boolean;
}

export interface Span {
  from: number;
  to: number;
}

/** How long the beginning of a value is that counts as the value. */
export interface Beginnings {
  /** Anywhere, out of how many characters. */
  anywhere(of: number): number;
  /** Where the text ends with it. */
  atEnd: number;
  /** How long a piece from the middle or the end is that counts, out of how many characters. */
  piece(of: number): number;
}

const wordLengthMax = 7;
const encodedLengthMin = 6;

export function needlesOf(value: string): Needle[] {
  const isWord = value.length <= wordLengthMax && /^\w+$/.test(value);
  const plain = [value, value.replaceAll(" ", "+")].map((text) => ({ text, isWord }));
  const encoded = base64Of(value).flatMap((text) => [text, text.replaceAll("+", "-").replaceAll("/", "_")]);
  const hex = value.length < encodedLengthMin ? [] : [Buffer.from(value).toString("hex")];
  const others = [...encoded, ...hex, ...hex.map((text) => text.toUpperCase())];
  const all = [...plain, ...others.map((text) => ({ text, isWord: false }))];
  return [...new Map(all.map((needle) => [needle.text, needle])).values()];
}

/** The value may stand anywhere in what was encoded (`id:secret`): the characters that are of it alone. */
function base64Of(value: string): string[] {
  const bytes = Buffer.from(value);
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replaceAll("=", "");
    const isShared = (before + bytes.length) % 3 !== 0;
    const own = encoded.slice(before === 0 ? 0 : before + 1, isShared ? -1 : undefined);
    return own.length < encodedLengthMin ? [] : [own];
  });
}

/** A text without an encoding, and where each of its characters stands in the text that is shown. */
interface Reading {
  text: string;
  /** Undefined: where it is. */
  spans?: readonly Span[];
}

/** Encodings within encodings. */
const depthMax = 3;

export function findNeedles(text: string, needles: readonly Needle[], beginnings: Beginnings): Span[] {
  const found: Span[] = [];
  const look = (reading: Reading, depth: number) => {
    for (const needle of needles) found.push(...findNeedle(reading, needle, beginnings));
    found.push(...findPieces(reading, needles, beginnings));
    if (depth === depthMax) return;
    for (const { mark, pattern, decode } of encodings) {
      if (!reading.text.includes(mark)) continue;
      const inner = takeOff(reading, pattern, decode);
      if (inner !== undefined) look(inner, depth + 1);
    }
  };
  look({ text }, 0);
  return mergeSpans(found);
}

/** A character that was cut within its encoding. */
const cutCharacter = /^(?:\\+u?[0-9a-fA-F]{0,3}|%(?:25)*[0-9a-fA-F]?|(?:%[0-9a-fA-F]{2}){1,3}|&[#\w]{0,8}|\ufffd+)?$/;
const cutLengthMax = 12;
const startLengthMax = 4;

function findNeedle(reading: Reading, { text: needle, isWord }: Needle, { anywhere, atEnd }: Beginnings): Span[] {
  const { text } = reading;
  const start = needle.slice(0, startLengthMax);
  const spans: Span[] = [];
  for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, at + 1)) {
    let length = start.length;
    while (length < needle.length && text[at + length] === needle[length]) length += 1;
    const rest = text.slice(at + length, at + length + cutLengthMax + 1);
    const isCut = length >= atEnd && rest.length <= cutLengthMax && cutCharacter.test(rest);
    const isMeant = length === needle.length || length >= anywhere(needle.length) || isCut;
    const isPartOfWord = isWord && (/\w/.test(text[at - 1] ?? "") || /\w/.test(text[at + length] ?? ""));
    if (isMeant && !isPartOfWord) spans.push(spanOf(reading, at, isCut ? text.length : at + length));
  }
  return spans;
}

/** A piece of twice as many characters holds all of these at one of the places that are looked at. */
const gramLength = 6;
const gramsMax = 8;

type Grams = ReadonlyMap<string, readonly { needle: string; at: number }[]>;

/** Made once for a list of needles, which is made anew when one is added. */
const gramsOf = new WeakMap<readonly Needle[], Grams>();

function indexGrams(needles: readonly Needle[]): Grams {
  const known = gramsOf.get(needles);
  if (known !== undefined) return known;
  const grams = new Map<string, { needle: string; at: number }[]>();
  for (const { text: needle } of needles) {
    for (let at = 0; at + gramLength <= needle.length; at += 1) {
      const gram = needle.slice(at, at + gramLength);
      const places = grams.get(gram) ?? [];
      if (places.length < gramsMax) places.push({ needle, at });
      grams.set(gram, places);
    }
  }
  gramsOf.set(needles, grams);
  return grams;
}

/** Who echoes a value may cut its beginning away, or break it over lines. */
function findPieces(reading: Reading, needles: readonly Needle[], { piece }: Beginnings): Span[] {
  const { text } = reading;
  const grams = indexGrams(needles);
  const spans: Span[] = [];
  for (let at = 0; at + gramLength <= text.length; at += gramLength) {
    for (const { needle, at: start } of grams.get(text.slice(at, at + gramLength)) ?? []) {
      let before = 0;
      while (before < Math.min(at, start) && text[at - before - 1] === needle[start - before - 1]) before += 1;
      let length = gramLength;
      while (start + length < needle.length && text[at + length] === needle[start + length]) length += 1;
      if (before + length >= piece(needle.length)) spans.push(spanOf(reading, at - before, at + length));
    }
  }
  return spans;
}

function spanOf({ spans }: Reading, from: number, to: number): Span {
  if (spans === undefined) return { from, to };
  return { from: spans[from]?.from ?? 0, to: spans[to - 1]?.to ?? 0 };
}

interface Encoding {
  /** Without it there is nothing to take off. */
  mark: string;
  pattern: RegExp;
  /** Undefined where it is none. */
  decode(written: string): string | undefined;
}

const entities: Record<string, string> = { quot: '"', apos: "'", amp: "&", lt: "<", gt: ">", nbsp: "\u00a0" };
const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

const encodings: readonly Encoding[] = [
  {
    mark: "\\",
    pattern: /\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|[\s\S])/gi,
    decode: (written) =>
      written.length > 2
        ? String.fromCharCode(Number.parseInt(written.slice(2), 16))
        : (escapes[written.slice(1)] ?? written.slice(1)),
  },
  {
    mark: "%",
    // The bytes of one character.
    pattern:
      /%[0-7][0-9a-f]|%[cd][0-9a-f]%[89ab][0-9a-f]|%e[0-9a-f](?:%[89ab][0-9a-f]){2}|%f[0-7](?:%[89ab][0-9a-f]){3}/gi,
    decode: (written) => {
      const decoded = Buffer.from(written.replaceAll("%", ""), "hex").toString();
      return decoded.includes("\ufffd") ? undefined : decoded;
    },
  },
  {
    mark: "&",
    pattern: /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|\w{2,4});/gi,
    decode: (written) => {
      const name = written.slice(1, -1);
      if (!name.startsWith("#")) return entities[name];
      const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
      return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    },
  },
];

/** Undefined where nothing is in that encoding. */
function takeOff(reading: Reading, pattern: RegExp, decode: Encoding["decode"]): Reading | undefined {
  const spans: Span[] = [];
  let text = "";
  let from = 0;
  const keep = (to: number) => {
    text += reading.text.slice(from, to);
    for (let at = from; at < to; at += 1) spans.push(spanOf(reading, at, at + 1));
  };
  let isEncoded = false;
  for (const { 0: written, index } of reading.text.matchAll(pattern)) {
    const decoded = decode(written);
    if (decoded === undefined) continue;
    isEncoded = true;
    keep(index);
    text += decoded;
    from = index + written.length;
    for (const _ of decoded.split("")) spans.push(spanOf(reading, index, from));
  }
  if (!isEncoded) return undefined;
  keep(reading.text.length);
  return { text, spans };
}

function mergeSpans(spans: Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.sort((left, right) => left.from - right.from)) {
    const last = merged.at(-1);
    if (last === undefined || span.from > last.to) merged.push({ ...span });
    else last.to = Math.max(last.to, span.to);
  }
  return merged;
}
