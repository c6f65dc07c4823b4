// What the name of a column's type says of its values. In: the type as a database tells it. Must hold: two types that hold other
// values have other names; one is wider than another only where it holds each of its values as that one does.

/** MariaDB and MySQL 5.7 tell with how many digits a whole number is shown, MySQL 8 no more. tinyint(1) holds true and false. */
export function withoutWidth(type: string): string {
  return type === "tinyint(1)" || type.includes("zerofill") ? type : type.replace(/^(\w*int|year)\(\d+\)/, "$1");
}

/** Texts that end where they end, and decimals: what a larger one is given it holds as a smaller one does. A CHAR pads it. */
const sized = /^(?:n?varchar2?|character varying|varbinary|numeric|decimal|number)$/i;

interface SizedType {
  word: string;
  /** What stands after the brackets: unsigned. */
  rest: string;
  /** Infinite where nothing stands in brackets. */
  length: number;
  scale: number;
}

/** Whether a column of type `now` holds every value of one of type `was`, and none of them otherwise. */
export function holdsAllOf(now: string, was: string): boolean {
  const [is, before] = [withoutWidth(now), withoutWidth(was)];
  if (is === before) return true;
  if (before.startsWith("enum(") && is.startsWith("enum(")) {
    const labels = new Set(labelsOf(is));
    return labelsOf(before).every((label) => labels.has(label));
  }
  const [larger, smaller] = [readSized(is), readSized(before)];
  if (larger === undefined || smaller === undefined) return false;
  if (larger.word !== smaller.word || larger.rest !== smaller.rest) return false;
  if (larger.length === Number.POSITIVE_INFINITY) return true;
  return larger.scale >= smaller.scale && larger.length - larger.scale >= smaller.length - smaller.scale;
}

function labelsOf(type: string): string[] {
  return type.match(/'(?:[^'\\]|''|\\.)*'/gs) ?? [];
}

function readSized(type: string): SizedType | undefined {
  const [, word = "", length, scale = 0, rest = ""] =
    /^([a-z2 ]+?)(?:\((\d+|max)(?:, ?(\d+))?\)(.*))?$/i.exec(type) ?? [];
  if (!sized.test(word)) return undefined;
  const most = length === undefined || length === "max" ? Number.POSITIVE_INFINITY : Number(length);
  return { word, rest, length: most, scale: Number(scale) };
}
