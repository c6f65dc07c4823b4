// What the schemas know and this version cannot do yet: refused at its place, never accepted and ignored.
// A feature comes alive by deleting its line here.

import type { Diagnostics, Span } from "./diagnostics.ts";
import { keySpanAt, nodeAt, type TreeNode } from "./yaml-tree.ts";

export interface Unsupported {
  /** Keys from the top of the file; `*` is any key or item. */
  path: string;
  /** Only this value is unsupported; without it, the key is. */
  value?: string;
}

export const unsupportedInStream: readonly Unsupported[] = [{ path: "map.*.lookup.miss", value: "create" }];

export function refuseUnsupportedInJob(job: TreeNode, diagnostics: Diagnostics): void {
  for (const stream of findAll(job, ["defaults"]).concat(findAll(job, ["streams", "*"]))) {
    refuse(unsupportedInStream, stream.node, diagnostics);
  }
}

function refuse(list: readonly Unsupported[], root: TreeNode, diagnostics: Diagnostics): void {
  for (const { path, value } of list) {
    for (const { node, key } of findAll(root, path.split("."))) {
      const name = path.split(".").at(-1);
      if (value === undefined) diagnostics.add(key, `${name} is not supported yet`);
      else if (node.kind === "scalar" && node.value === value) {
        diagnostics.add(node.span, `${name}: ${value} is not supported yet`);
      }
    }
  }
}

function namesIn(node: TreeNode): PropertyKey[] {
  if (node.kind === "map") return [...node.entries.keys()];
  return node.kind === "list" ? [...node.items.keys()] : [];
}

/** All that a path with `*` leads to, each with its key. */
function findAll(root: TreeNode, path: readonly string[]): { node: TreeNode; key: Span }[] {
  const [first, ...rest] = path;
  if (first === undefined) return [{ node: root, key: root.span }];
  const names = first !== "*" ? [first] : namesIn(root);
  return names.flatMap((name) => {
    const node = nodeAt(root, [name]);
    if (node === undefined) return [];
    return rest.length === 0 ? [{ node, key: keySpanAt(root, [name]) }] : findAll(node, rest);
  });
}
