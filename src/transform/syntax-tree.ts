// The syntax tree of an expression as DuckDB serialises it (`json_serialize_sql`), and a statement made of a part of it.

interface Tree<Node> {
  statements?: { node: { select_list: Node[] } }[];
}

/** The expression of `json_serialize_sql(parseStatement(sql))`; undefined where it has no tree. */
export function expressionOf<Node>(json: string): Node | undefined {
  return (JSON.parse(json) as Tree<Node>).statements?.[0]?.node.select_list[0];
}

/** A part of a tree as a statement of its own, as JSON that DuckDB can turn into SQL again (`json_deserialize_sql`). */
export function statementOf(json: string, part: unknown): string {
  const tree = JSON.parse(json) as Tree<unknown>;
  for (const { node } of tree.statements ?? []) node.select_list = [part];
  // Where there is no place in the text, it is a number that JavaScript does not hold.
  return JSON.stringify(tree, (name, value: unknown) => (name === "query_location" ? 0 : value));
}
