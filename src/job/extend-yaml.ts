// A YAML file with more in it: comments and order stay as they are.

import { type Document, isMap, parseDocument } from "yaml";

/** The text with the entries that it lacks; what it has at their paths stays as it is. */
export function extendYaml(text: string, entries: readonly { path: readonly string[]; value: unknown }[]): string {
  const document: Document = parseDocument(text);
  const missing = entries.filter(({ path }) => !document.hasIn(path));
  if (missing.length === 0) return text;
  if (!isMap(document.contents)) document.contents = document.createNode({}) as never;
  for (const { path, value } of missing) document.setIn(path, document.createNode(value));
  return document.toString({ lineWidth: 0 });
}
