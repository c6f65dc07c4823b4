// A credential that cannot be printed by accident, and the redactor that every sink passes its text through.

import { inspect } from "node:util";

const shown = "**secret**";
const minimumRedactedLength = 4;
/** A shorter one may be a word that is part of others (`sandbox` in an org's id): it is hidden where it stands alone. */
const hiddenAnywhereLength = 8;
const known = new Map<string, RegExp | string>();

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
  if (value.length < minimumRedactedLength) return;
  for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString("base64")]) {
    const isWord = form.length < hiddenAnywhereLength && /^\w+$/.test(form);
    known.set(form, isWord ? new RegExp(`(?<!\\w)${form}(?!\\w)`, "g") : form);
  }
}

/** Replaces every known credential, also URL-encoded or as base64, in text that leaves the process. */
export function redactSecrets(text: string): string {
  let redacted = text;
  for (const [value, pattern] of known) {
    if (redacted.includes(value)) redacted = redacted.replaceAll(pattern, shown);
  }
  return redacted;
}
