// What connections over HTTP have alike in connections.yaml: an address, and credentials that are references. In: what is
// written. Out: what it says once it is used. Must hold: no address goes into a message with what a reference put there.

import { resolve as resolvePath } from "node:path";
import { usageFailure } from "../../core/errors.ts";
import { buildReference, type ConnectionProblem, type ConnectionScope } from "../../job/connection-type.ts";
import type { Connection, Reference } from "../../job/job.ts";
import { expandReferences } from "../../job/references.ts";
import { referencing } from "../../job/schema-parts.ts";

export interface HttpConnection extends Connection {
  /** Certificates that count beside the usual ones, absolute. Reading it throws a Failure (exit 2) as `path`. */
  readonly caFile?: string | undefined;
}

/** `ca_file:` of a system over HTTP. */
export const optionalCaFile = referencing
  .describe(
    "File with certificates (PEM) of authorities that count beside the usual ones, relative to this file: of a proxy that opens TLS, say.",
  )
  .optional();

/** The file that `ca_file` names. */
export function readCaFile(written: string | undefined, scope: ConnectionScope): string | undefined {
  if (written === undefined) return undefined;
  const place = scope.placeAt(["ca_file"]);
  return resolvePath(scope.folder, expandReferences(written, scope.environment, place, scope.folder));
}

/** What is wrong with an address, without quoting it. */
type FindProblem = (url: string) => string | undefined;

/** Of one that holds no reference. */
export function findAddressProblems(written: string, key: string, findProblem: FindProblem): ConnectionProblem[] {
  const message = written.includes("${") ? undefined : findProblem(written);
  return message === undefined ? [] : [{ path: [key], message }];
}

/** The origin of an address. Throws a Failure (2) if it is none, or holds a reference to an unset variable. */
export function readOrigin(written: string, key: string, scope: ConnectionScope, findProblem: FindProblem): string {
  const place = scope.placeAt([key]);
  const url = expandReferences(written, scope.environment, place, scope.folder);
  const problem = findProblem(url);
  if (problem !== undefined) throw usageFailure(problem, { where: place });
  return new URL(url).origin;
}

/** The references of a way to sign in, by its keys. */
export function referencesOf<Written extends object>(
  written: Written,
  path: readonly string[],
  scope: ConnectionScope,
): <Key extends keyof Written & string>(key: Key, options?: { isPath: boolean }) => ReferenceIn<Written[Key]> {
  const read = (key: string, options?: { isPath: boolean }) => {
    const text = (written as Record<string, string | undefined>)[key];
    return text === undefined ? undefined : buildReference(text, [...path, key], scope, options);
  };
  return read as ReturnType<typeof referencesOf<Written>>;
}

type ReferenceIn<Text> = Text extends string ? Reference : undefined;
