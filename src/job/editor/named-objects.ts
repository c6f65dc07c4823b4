// The objects that jobs name, for an editor's schema: of jobs in the making too.

import { Failure } from "../../core/errors.ts";
import { Diagnostics } from "../diagnostics.ts";
import { maskCredentials } from "../mask-values.ts";
import { parseYaml, readSource } from "../yaml-document.ts";
import { mergeTrees, nodeAt, type TreeNode, type TreePath } from "../yaml-tree.ts";

/** By connection; undefined for a file that can't be read as YAML, and none for one that is no job. */
export function readNamedObjects(file: string): Map<string, Set<string>> | undefined {
  const named = new Map<string, Set<string>>();
  const root = readTree(file);
  if (root === undefined) return undefined;
  const streams = nodeAt(root, ["streams"]);
  if (streams?.kind !== "map") return named;
  const add = (connection: string | undefined, object: string | undefined) => {
    if (connection === undefined || object === undefined) return;
    named.set(connection, (named.get(connection) ?? new Set()).add(object));
  };
  for (const { value } of streams.entries.values()) {
    const stream = mergeTrees(nodeAt(root, ["defaults"]), value);
    const textAt = (...path: TreePath) => textOf(nodeAt(stream, path));
    const target = textAt("target", "connection");
    add(textAt("source", "connection"), textAt("source", "object"));
    add(target, textAt("target", "object"));
    const map = nodeAt(stream, ["map"]);
    for (const field of map?.kind === "map" ? map.entries.keys() : []) {
      add(textAt("map", field, "lookup", "connection") ?? target, textAt("map", field, "lookup", "object"));
    }
  }
  return named;
}

function readTree(file: string): TreeNode | undefined {
  try {
    const source = readSource(file);
    return parseYaml(new Diagnostics(source, maskCredentials(source.text)), { extensions: true });
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function textOf(node: TreeNode | undefined): string | undefined {
  return node?.kind === "scalar" ? node.text : undefined;
}
