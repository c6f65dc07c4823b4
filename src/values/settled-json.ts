// JSON in the one form of its value in which PostgreSQL's jsonb gives it back: `{"b":1, "a":1e2}` is `{"a": 100, "b": 1}`.
// In: a text. Out: that form; a text that has none as it is. Must hold: every digit stays; what is wrong here is no harm but
// a reject, for whoever writes it has the server compare (https://www.postgresql.org/docs/current/datatype-json.html).

/** A function of the engine's (Engine.define). */
const name = "settled_json";

/** Where the engine is told of it. */
export function defineSettledJson(engine: { define(name: string, compute: typeof answer): void }): void {
  engine.define(name, answer);
}

/** VARCHAR of an engine. */
export function settledJson(text: string): string {
  return `${name}('', ${text})`;
}

function answer(_: string | null, [text]: readonly (string | null)[]): string | null {
  return text == null ? null : settleJson(text);
}

/** A number, as it is written. */
class Digits {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export function settleJson(text: string): string {
  try {
    return write(JSON.parse(text, keepDigits));
  } catch {
    return text;
  }
}

/** `context`: what stood there, which TypeScript does not know of yet. */
function keepDigits(_: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === "number" ? new Digits(context?.source ?? String(value)) : value;
}

function write(value: unknown): string {
  if (value instanceof Digits) return writeNumber(value.text);
  if (Array.isArray(value)) return `[${value.map(write).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, held]) => ({ key, bytes: Buffer.from(key), held: held as unknown }));
  members.sort((one, other) => one.bytes.length - other.bytes.length || Buffer.compare(one.bytes, other.bytes));
  return `{${members.map(({ key, held }) => `${JSON.stringify(key)}: ${write(held)}`).join(", ")}}`;
}

/** Further than this no number is written out here. */
const exponentMax = 1000;

/** As numeric is: without an exponent, and with the digits after the point that were written. */
function writeNumber(text: string): string {
  const [, sign = "", whole = "", fraction = "", written = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const exponent = Number(written);
  if (Math.abs(exponent) > exponentMax) throw new RangeError(text);
  const digits = `${"0".repeat(Math.max(0, -exponent))}${whole}${fraction}${"0".repeat(Math.max(0, exponent - fraction.length))}`;
  const point = Math.max(0, -exponent) + whole.length + exponent;
  const before = digits.slice(0, point).replace(/^0+(?=\d)/, "");
  const after = digits.slice(point);
  const isZero = /^0*$/.test(digits);
  return `${isZero ? "" : sign}${before}${after === "" ? "" : `.${after}`}`;
}
