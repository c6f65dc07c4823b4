// What is wrong with an expression that the engine can't parse, in the words of whoever wrote it. In: the expression, and
// the engine's complaint with its offset. Out: one problem. Must hold: it points into the expression, never behind it,
// where only loadline has written.

export interface SyntaxProblem {
  message: string;
  /** Characters from the start of the expression. */
  offset?: number;
  length?: number;
  next?: string;
}

/** Functions that the parser itself knows, and so checks before anything else. */
const parsed: Readonly<Record<string, string>> = {
  IF: "if(condition, then, else)",
  IFNULL: "ifnull(value, otherwise)",
  NULLIF: "nullif(value, none)",
  COALESCE: "coalesce(first, second, …)",
};

export function explainSyntax(sql: string, complaint: string, offset: number | undefined): SyntaxProblem {
  const name = /Wrong number of arguments to (\w+)/.exec(complaint)?.[1];
  if (name !== undefined) {
    const at = sql.toUpperCase().indexOf(name);
    const next = `write ${parsed[name] ?? `${name.toLowerCase()}(…)`}`;
    return {
      message: `${name.toLowerCase()} is given too few or too many arguments`,
      offset: Math.max(0, at),
      length: name.length,
      next,
    };
  }
  if (complaint.startsWith("unterminated quoted string"))
    return {
      message: "a text has no closing quote",
      offset: offset ?? 0,
      next: "end it with ', and write one that is in the text as ''",
    };
  if (complaint.startsWith("unterminated quoted identifier"))
    return { message: "a name has no closing double quote", offset: offset ?? 0, next: 'end it with "' };
  const bare = blankQuotes(sql);
  return (
    findOpen(bare) ??
    findBorrowed(bare, offset) ??
    (offset === undefined || offset < sql.trimEnd().length
      ? { message: complaint, ...(offset === undefined ? {} : { offset }) }
      : { message: "the expression ends before it is complete", offset: Math.max(0, sql.trimEnd().length - 1) })
  );
}

/** What is in quotes or a comment as NULs, so that offsets stay. */
export function blankQuotes(sql: string): string {
  return sql.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, (text) => "\0".repeat(text.length));
}

/** The first CASE or parenthesis that is not closed, or what closes nothing. */
function findOpen(bare: string): SyntaxProblem | undefined {
  const open: { word: string; offset: number }[] = [];
  for (const match of bare.matchAll(/\bcase\b|\bend\b|[()]/gi)) {
    const word = match[0].toLowerCase();
    if (word === "case" || word === "(") {
      open.push({ word, offset: match.index });
      continue;
    }
    const opener = word === "end" ? "case" : "(";
    const last = open.at(-1);
    if (last?.word === opener) open.pop();
    else if (last === undefined) {
      return word === "end"
        ? { message: "END without CASE", offset: match.index, length: 3 }
        : { message: "a ) closes nothing", offset: match.index, next: "take it away, or write the ( that is missing" };
    } else break;
  }
  const [first] = open.slice(-1);
  if (first === undefined) return undefined;
  return first.word === "case"
    ? { message: "CASE without END", offset: first.offset, length: 4, next: "write CASE WHEN … THEN … ELSE … END" }
    : { message: "a ( is not closed", offset: first.offset, next: "write the ) that is missing" };
}

/** What other languages write, and a word processor. */
const borrowed: readonly (readonly [RegExp, message: string, next: string])[] = [
  [/[\u2018-\u201f]/u, "a quote of a word processor is none here", `put a text into ', the name of a column into "`],
  [/`/, '` is not " in SQL', 'write "'],
  [/&&/, "&& is not AND in SQL", "write AND"],
  [/!(?![=~])/, "! is not NOT in SQL", "write NOT"],
];

/** Of other languages. */
function findBorrowed(bare: string, offset: number | undefined): SyntaxProblem | undefined {
  for (const [pattern, message, next] of borrowed) {
    const found = pattern.exec(bare);
    if (found !== null) return { message, offset: found.index, length: found[0].length, next };
  }
  const question = bare.indexOf("?");
  if (question >= 0) {
    return {
      message: "? : is not SQL",
      offset: question,
      next: "write CASE WHEN … THEN … ELSE … END, or if(condition, then, else)",
    };
  }
  const found = /\bif\b(?!\s*\()/i.exec(bare);
  if (found === null || offset === undefined) return undefined;
  return { message: "if is a function here", offset: found.index, length: 2, next: "write if(condition, then, else)" };
}
