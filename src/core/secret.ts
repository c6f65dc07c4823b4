// A credential that cannot be printed by accident, and the redactor that every sink passes its text through.
// What must hold: a secret is shown in no writing of it. What others echo is redacted before it is cut or parsed.

import { inspect } from "node:util";
import { remember } from "./process-memory.ts";
import { type Beginnings, findNeedles, type Needle, needlesOf } from "./writings.ts";

const shown = "**secret**";
const minimumRedactedLength = 4;
const known = remember(() => ({ values: new Set<string>(), needles: [] as readonly Needle[] }));

/** Holds a credential. `reveal` is the only way to its value; text, JSON and inspection show a placeholder. */
export class Secret {
  readonly #value: string;

  /** Text is redacted of its value unless `redacted` is false: for what a message must be able to name (a path). */
  constructor(value: string, options: { redacted: boolean } = { redacted: true }) {
    this.#value = value;
    if (options.redacted) registerSecret(value);
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return shown;
  }

  toJSON(): string {
    return shown;
  }

  [inspect.custom](): string {
    return shown;
  }
}

/** Makes `redactSecrets` hide a value that did not come as a Secret (a token that a server handed out). */
export function registerSecret(value: string): void {
  const { values, needles } = known.value;
  if (value.length < minimumRedactedLength || values.has(value)) return;
  known.value = { values: values.add(value), needles: [...needles, ...needlesOf(value)] };
}

/**
 * A shorter beginning than this is shown: an access token of Salesforce begins with the id of its org, of which we tell.
 */
const beginningLength = 20;
const wholeOnly: Beginnings = {
  anywhere: (of) => Math.max(beginningLength, of / 2),
  atEnd: Number.POSITIVE_INFINITY,
  piece: (of) => Math.max(beginningLength, of / 2),
};

/** Replaces every known credential, however it is written, in text that leaves the process. */
export function redactSecrets(text: string): string {
  return hide(text, wholeOnly);
}

/** Shorter ones tell nothing. */
const cutAnywhere: Beginnings = { anywhere: () => 8, atEnd: 4, piece: () => 12 };

/**
 * Text that another system wrote, before it is cut or put into a message: beginnings and pieces of credentials are
 * hidden in it as well, for whoever echoed them may have cut them.
 */
export function redactAnswer(text: string): string {
  return hide(text, cutAnywhere);
}

function hide(text: string, beginnings: Beginnings): string {
  let kept = "";
  let from = 0;
  for (const span of findNeedles(text, known.value.needles, beginnings)) {
    kept += text.slice(from, span.from) + shown;
    from = span.to;
  }
  return kept + text.slice(from);
}
