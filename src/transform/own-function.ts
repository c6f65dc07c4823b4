// What a function of ours is: what a job writes, what it gives, what it refuses, and how the engine computes it. One object
// says all of it, so that the page of functions, `loadline help`, the answer to a wrong call and the reason of a reject
// agree. In: the object. Out: what a call of it must have. Must hold: no macro calls another of ours, since a job defines
// those alone that it names.

import { countOf } from "../core/counted.ts";

export interface OwnFunction {
  name: string;
  /** What stands for it between two arguments. */
  operator?: string;
  /** As it is called, what may be left out in brackets: `truncate(text, count [, unit])`. */
  signature: string;
  /** What it gives: `a date in this format`. */
  does: string;
  /** What it reads, to follow "it takes". Anything else makes a row a reject. Without it no text is refused. */
  takes?: string;
  /** At least one; `gives` as the engine writes the result, or NULL. */
  examples: readonly { call: string; gives: string }[];
  /** By the name of an argument: what is wrong with what is written there, in that call. */
  complain?: Readonly<Record<string, (written: Written, call: readonly Written[]) => string | undefined>>;
  /** What follows CREATE MACRO and its name: `(value) AS …`. None may be volatile, as DuckDB's `error` is: TRY refuses that. */
  macro(run: RunClock, calls: Calls): string;
  /**
   * A macro that says whether it certainly reads a text, NULL counting as no (readable.ts). One that says no too often costs
   * time; one that says yes too often would fail a pass.
   */
  question?(calls: Calls): string;
  /** A macro that gives VARCHAR: why it refuses a text; NULL where that is not known, or it does not. */
  why?(calls: Calls): string | undefined;
}

/** The expressions in which a function is called, as far as they are known; without them, it may be called in any form. */
export type Calls = readonly string[] | undefined;

/** The run's start, as SQL. */
interface RunClock {
  /** TIMESTAMPTZ. */
  start: string;
  /** DATE, in the job's zone. */
  today: string;
  /** The key of HMAC-SHA256 as a block of 64 bytes, where the job has a use for it. */
  pseudonymKey?: Uint8Array | undefined;
}

/** An argument of a call: a text, a list of them, or another constant that is written there; `computed` of anything else. */
export type Written =
  | { kind: "text"; text: string }
  | { kind: "list"; items: readonly Written[] }
  | { kind: "constant"; value: unknown }
  | { kind: "computed" };

/** The names of a signature's arguments. */
export function argumentsOf(signature: string): { name: string; isOptional: boolean }[] {
  const [, required = "", optional = ""] = /\(([^[)]*)(.*)\)$/.exec(signature) ?? [];
  const names = (text: string) => text.match(/\w+/g) ?? [];
  return [
    ...names(required).map((name) => ({ name, isOptional: false })),
    ...names(optional).map((name) => ({ name, isOptional: true })),
  ];
}

export interface CallProblem {
  message: string;
  /** The argument that is wrong; undefined where the call is. */
  argument?: number;
}

/** What is wrong with a call of it. */
export function findCallProblems(
  { name, signature, complain = {} }: OwnFunction,
  call: readonly Written[],
): CallProblem[] {
  const wanted = argumentsOf(signature);
  const least = wanted.filter(({ isOptional }) => !isOptional).length;
  if (call.length < least || call.length > wanted.length) {
    const count = least === wanted.length ? tellCount(least) : `${least} to ${countOf(wanted.length, "argument")}`;
    return [{ message: `${name} takes ${count}, here ${call.length === 1 ? "is" : "are"} ${call.length}` }];
  }
  return call.flatMap((written, argument) => {
    const message = complain[wanted[argument]?.name ?? ""]?.(written, call);
    return message === undefined ? [] : [{ message: `${name}: ${message}`, argument }];
  });
}

function tellCount(count: number): string {
  if (count === 0) return "no argument";
  return count === 1 ? "one argument" : countOf(count, "argument");
}

/** What a wrong call is answered with. */
export function tellSignature({ name, signature }: Pick<OwnFunction, "name" | "signature">): string {
  return `write ${signature}; loadline help ${name} has examples`;
}
