// Functions of ours that are computed in JavaScript, by a library or by tables. In: what computes one row, and the name
// that the engine knows it by. Out: a function of ours like the others, and what the engine calls for a row. Must hold: the
// same arguments give the same answer in any row, order and pass, so that each distinct call is computed once; what is
// remembered is bounded. Why not a table of the distinct values, joined: docs/adr/0018-functions-in-javascript.md.

import { literal } from "../core/sql.ts";
import { trimInvisible } from "../values/trim.ts";
import { argumentsOf, type OwnFunction } from "./own-function.ts";

/** Why arguments are not taken: `too short`, without the value. */
export class Refused {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

/** What a row gives: a text, or why it is refused. The first argument is trimmed and not blank; NULL is undefined. */
export interface Compute {
  (value: string, ...others: (string | undefined)[]): string | Refused;
  /** By the place of an argument, from 0: why one that is the same in all rows makes each of them a reject. */
  constants?: Readonly<Record<number, (written: string) => string | undefined>>;
}

/** What the engine calls for a row: what is asked, and the arguments. */
type AnswerCall = (question: string | null, given: readonly (string | null)[]) => string | null;

/** What macros of a computed function ask: its value, whether it reads its arguments, why it does not. */
const asked = { value: "value", reads: "reads", why: "why" };
/** What is asked once of an argument: with its place behind it. */
const argumentAsked = "argument ";

export interface ComputedFunction extends OwnFunction {
  /** Loads what computes it. */
  load(): Promise<Compute>;
  /** False where what is remembered would take more room than it saves time. */
  remembers?: boolean;
}

/** `type`: of the result, where that is no text. */
export function computed(
  described: Omit<ComputedFunction, "macro" | "question" | "why"> & { type?: "BOOLEAN" },
): ComputedFunction {
  const { name, type } = described;
  const value = (call: string) => (type === undefined ? call : `CAST(${call} AS ${type})`);
  return {
    ...described,
    macro: () => overload(described, (given) => value(ask(name, asked.value, given))),
    question: () => overload(described, (given) => `${ask(name, asked.reads, given)} = 'true'`),
    why: () => overload(described, (given) => ask(name, asked.why, given)),
  };
}

/** VARCHAR: what it computes of these texts, for a function whose macro reads most by itself. */
export function askValue({ name }: Pick<OwnFunction, "name">, ...texts: string[]): string {
  return ask(name, asked.value, texts);
}

/** BOOLEAN: it reads the text. */
export function isReadSql({ name }: Pick<OwnFunction, "name">, text: string): string {
  return `${ask(name, asked.reads, [text])} = 'true'`;
}

/** VARCHAR: what is wrong with an argument that is written there; NULL where nothing is. */
export function askConstant({ name }: Pick<OwnFunction, "name">, argument: number, written: string): string {
  return ask(name, `${argumentAsked}${argument}`, [literal(written)]);
}

/** The name of what a macro calls: no job can, since it is off the list of allowed functions. */
export function engineName(name: string): string {
  return `computed_${name}`;
}

function ask(name: string, question: string, given: readonly string[]): string {
  return `${engineName(name)}('${question}', ${given.map((one) => `CAST(${one} AS VARCHAR)`).join(", ")})`;
}

/** A macro with what may be left out, and without. */
function overload({ signature }: OwnFunctionSignature, body: (given: string[]) => string): string {
  const names = argumentsOf(signature);
  const least = names.filter(({ isOptional }) => !isOptional).length;
  const counts = Array.from({ length: names.length - least + 1 }, (_, more) => least + more);
  return counts
    .map((count) => {
      const given = names.slice(0, count).map((argument) => argument.name);
      return `(${given.join(", ")}) AS ${body(given)}`;
    })
    .join(", ");
}

type OwnFunctionSignature = Pick<OwnFunction, "signature">;

/** Answers of so many calls are kept twice over: 75 MB at most (measured with phone numbers). */
const callsKept = 150_000;

/** Throws Refused where the value is asked for and can't be had. */
export function answerCalls(compute: Compute, { remembers = true }: { remembers?: boolean } = {}): AnswerCall {
  // Two generations: when one is full the other is forgotten, so that what comes again and again is never computed anew.
  let young = new Map<string, string | Refused>();
  let old: typeof young = new Map();
  const answer = (value: string, others: readonly (string | null)[]): string | Refused => {
    if (!remembers) return compute(value, ...others.map((other) => other ?? undefined));
    const key = others.length === 0 ? value : keyOf(value, others);
    const known = young.get(key);
    if (known !== undefined) return known;
    const answered = old.get(key) ?? compute(value, ...others.map((other) => other ?? undefined));
    if (young.size >= callsKept) {
      old = young;
      young = new Map();
    }
    young.set(key, answered);
    return answered;
  };
  return (question, [given, ...others]) => {
    if (question?.startsWith(argumentAsked) === true)
      return compute.constants?.[Number(question.slice(argumentAsked.length))]?.(given ?? "") ?? null;
    const value = trimInvisible(given ?? "");
    const answered = value === "" ? null : answer(value, others);
    if (question === asked.reads) return String(!(answered instanceof Refused));
    if (question === asked.why) return answered instanceof Refused ? answered.why : null;
    if (answered instanceof Refused) throw answered;
    return answered;
  };
}

/** Each text with its length before it, so that no two calls have one key. */
function keyOf(value: string, others: readonly (string | null)[]): string {
  return others.reduce<string>(
    (key, other) => `${key}\n${other === null ? "" : `${other.length}:${other}`}`,
    `${value.length}:${value}`,
  );
}
