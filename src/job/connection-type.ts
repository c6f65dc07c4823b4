// A type of connection, as far as connections.yaml goes. In: what is written below a connection's name. Out: the
// connection, its credentials still references. Must hold: reading one opens nothing and resolves no credential.

import type { z } from "zod";
import type { Connection, Environment, Place, Reference } from "./job.ts";
import { referTo } from "./references.ts";
import type { TreePath } from "./yaml-tree.ts";

/** What the values of one connection are resolved with. */
export interface ConnectionScope {
  name: string;
  environment: Environment;
  /** Relative paths start here. */
  folder: string;
  /** Of the value at a path below the connection; of its name for an empty path. */
  placeAt(path: TreePath): Place;
  /** Another connection of the file; known once all of them are read. */
  connectionNamed(name: string): Connection | undefined;
}

/** A connection as it is written, checked against the shape of its type. */
export interface WrittenConnection {
  type: string;
}

/** What a shape can't tell. */
export interface ConnectionProblem {
  /** Below the connection. */
  path: TreePath;
  message: string;
  suggestion?: string;
}

export interface ConnectionType {
  /** As `type:` names it. */
  readonly type: string;
  /** With a description for each key: JSON Schema for editors is made of it. */
  readonly shape: z.ZodObject<{ type: z.ZodLiteral<string> }>;
  /** `others`: all connections of the file, by name. */
  findProblems(
    written: WrittenConnection,
    name: string,
    others: Readonly<Record<string, WrittenConnection>>,
  ): ConnectionProblem[];
  /** Values that hold references (`url: ${HOST}`) are read when they are asked for: make them getters. */
  read(written: WrittenConnection, scope: ConnectionScope): Connection;
}

/** The reference of a credential, or of a path with `isPath`, at a path below the connection. */
export function buildReference(
  text: string,
  path: TreePath,
  scope: ConnectionScope,
  options = { isPath: false },
): Reference {
  return referTo(text, scope.placeAt(path), scope.folder, options);
}
