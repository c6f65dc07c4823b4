// The syntax tree of an expression as DuckDB serialises it (`json_serialize_sql`), and a statement made of a part of it.
// What must hold: a number of more digits than JavaScript holds stays what was written.

interface Tree<Node> {
  statements?: { node: { select_list: Node[] } }[];
}

/** The expression of `json_serialize_sql(parseStatement(sql))`; undefined where it has no tree. */
export function expressionOf<Node>(json: string): Node | undefined {
  return (parseTree(json) as Tree<Node>).statements?.[0]?.node.select_list[0];
}

/** A part of a tree as a statement of its own, as JSON that DuckDB can turn into SQL again (`json_deserialize_sql`). */
export function statementOf(json: string, part: unknown): string {
  // Where there is no place in the text, it is a number that JavaScript does not hold.
  return replaceExpression(json, part, (name, value) => (name === "query_location" ? 0 : value));
}

/** The same, each place in the text as it was: for what is told of it. */
export function placedStatementOf(json: string, part: unknown): string {
  return replaceExpression(json, part);
}

function replaceExpression(json: string, part: unknown, replacer?: (name: string, value: unknown) => unknown): string {
  const tree = parseTree(json) as Tree<unknown>;
  for (const { node } of tree.statements ?? []) node.select_list = [part];
  return JSON.stringify(tree, replacer);
}

/** JSON.parse gives its reviver the text of a number (https://github.com/tc39/proposal-json-parse-with-source). */
type Reviver = (name: string, value: unknown, context: { source?: string }) => unknown;

const { parse, rawJSON } = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): unknown;
};

/** A number that is no finite double is written as a bare word there, which is no JSON: as a text of it. */
export function quoteInfinities(json: string): string {
  if (!json.includes("Infinity")) return json;
  return json.replaceAll(/"(?:[^"\\]|\\.)*"|-?Infinity/g, (token) => (token.startsWith('"') ? token : `"${token}"`));
}

function parseTree(json: string): unknown {
  return parse(quoteInfinities(json), (name, value, { source }) => {
    const isHeld = typeof value !== "number" || source === undefined || String(value) === source;
    return isHeld || name === "query_location" ? value : rawJSON(source);
  });
}
