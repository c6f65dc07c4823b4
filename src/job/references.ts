// Values of connections.yaml that are not written there: ${VAR}, ${VAR:-default}, ${VAR:?message}, ${file:/path}.
// In: a text with references. Out: the value, resolved only when it is needed, as a Secret where it is a credential.
// What must hold: reading a file never needs a variable to be set, and a failure names the variable, never its value.

import { readFileSync, statSync } from "node:fs";
import { resolve as resolvePath } from "node:path";
import { parseEnv } from "node:util";
import { type FailureDetails, type Place, usageFailure } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import type { Environment, Reference } from "./job.ts";

export type ReferencePart =
  | { kind: "text"; text: string }
  | { kind: "variable"; name: string; fallback?: string; message?: string }
  | { kind: "file"; path: string };

const variablePattern = /^(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<fallback>.*)|:\?(?<message>.*))?$/s;

/** The parts of a text with references, or what is wrong with one of them. */
export function parseReferences(text: string): { parts: ReferencePart[] } | { problem: string } {
  const parts: ReferencePart[] = [];
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf("${", at);
    if (start !== at) parts.push({ kind: "text", text: text.slice(at, start === -1 ? undefined : start) });
    if (start === -1) break;
    const end = text.indexOf("}", start);
    if (end === -1) return { problem: `a reference \${… is not closed with }` };
    const part = parseReference(text.slice(start + 2, end));
    if (part === undefined) {
      return { problem: `a reference is \${NAME}, \${NAME:-default}, \${NAME:?message} or \${file:path}` };
    }
    parts.push(part);
    at = end + 1;
  }
  return { parts };
}

function parseReference(inner: string): ReferencePart | undefined {
  if (inner.startsWith("file:")) {
    const path = inner.slice("file:".length);
    return path === "" ? undefined : { kind: "file", path };
  }
  const groups = variablePattern.exec(inner)?.groups;
  if (groups?.["name"] === undefined) return undefined;
  const { name, fallback, message } = groups;
  return {
    kind: "variable",
    name,
    ...(fallback === undefined ? {} : { fallback }),
    ...(message === undefined ? {} : { message }),
  };
}

/** True if the text has a reference and nothing in it could be a credential itself: no default with a value. */
export function holdsOnlyReferences(text: string): boolean {
  const parsed = parseReferences(text);
  if ("problem" in parsed) return true;
  const isHarmless = (part: ReferencePart) => part.kind !== "variable" || (part.fallback ?? "") === "";
  return parsed.parts.some((part) => part.kind !== "text") && parsed.parts.every(isHarmless);
}

/** A text with references, known only when it is needed. `isPath`: it leads from `folder` to a file. */
export function referTo(
  text: string,
  place: Place,
  folder: string,
  { isPath, isSecret = !isPath }: { isPath: boolean; isSecret?: boolean },
): Reference {
  // What is written in the file, and where a key lies, is no credential: messages may name it.
  const redacted = text.includes("${") && isSecret;
  return {
    resolve(environment) {
      const value = expandReferences(text, environment, place, folder);
      return new Secret(isPath ? resolvePath(folder, value) : value, { redacted });
    },
  };
}

/** What a text with references stands for, `place` and `folder` (for relative paths) being those of its file. */
export function expandReferences(text: string, environment: Environment, where: Place, folder: string): string {
  const parsed = parseReferences(text);
  if ("problem" in parsed) throw usageFailure(parsed.problem, { where });
  return parsed.parts.map((part) => expandPart(part, environment, where, folder)).join("");
}

/** Whether a variable that may be empty (`${NAME:-}`) is: then the text stands for nothing at all, whatever is around it. */
export function isGivenNothing(text: string, environment: Environment): boolean {
  const parsed = parseReferences(text);
  if ("problem" in parsed) return false;
  return parsed.parts.some((part) => {
    return part.kind === "variable" && part.fallback === "" && (variableOf(part.name, environment) ?? "") === "";
  });
}

function variableOf(name: string, environment: Environment): string | undefined {
  return Object.hasOwn(environment, name) ? environment[name] : undefined;
}

function expandPart(part: ReferencePart, environment: Environment, where: Place, folder: string): string {
  if (part.kind === "text") return part.text;
  if (part.kind === "file") return readReferencedFile(resolvePath(folder, part.path), where);
  const value = variableOf(part.name, environment);
  if (value !== undefined && value !== "") return value;
  if (part.fallback !== undefined) return part.fallback;
  const details: FailureDetails = {
    where,
    next: `set ${part.name} in .env beside connections.yaml, or name a file that sets it with --env <file>`,
  };
  if (part.message !== undefined && part.message !== "") details.why = part.message;
  throw usageFailure(`the variable ${part.name} is ${value === undefined ? "not set" : "empty"}`, details);
}

function readReferencedFile(path: string, where: Place): string {
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw usageFailure(`the file ${path} cannot be read`, {
      where,
      why,
      next: "write the value into that file",
      cause,
    });
  }
}

/** Where variables come from, beside the process. */
export interface VariableFiles {
  /** `.env` beside connections.yaml, below the process: read where it is there. */
  usual?: string;
  /** What `--env` or `LOADLINE_ENV` names, above the process. */
  named?: string;
}

/** The variables of the process, over those of the usual file of KEY=VALUE lines, and under those of a named one. */
export function readEnvironment({ usual, named }: VariableFiles = {}): Environment {
  // `.env` is also what people call a folder of Python's.
  const below = usual !== undefined && statSync(usual, { throwIfNoEntry: false })?.isFile() === true;
  if (!below && named === undefined) return process.env;
  return {
    ...(below ? readVariables(usual) : {}),
    ...process.env,
    ...(named === undefined ? {} : readVariables(named)),
  };
}

function readVariables(file: string): Environment {
  try {
    return parseEnv(readFileSync(file, "utf8"));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw usageFailure("the file of variables cannot be read", { where: { file }, why, cause });
  }
}
