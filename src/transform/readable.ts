// Which rows a reader of text certainly reads. A careful pass catches failures by TRY, which computes all rows around one
// that fails one by one: thirty times as long (measured). Where only readers of ours can fail, the rows that they certainly
// read are computed together, and TRY has the others. In: the syntax tree of an expression. Out: the calls to ask, or that
// something else may fail. What must hold: where all of them say yes, the expression fails for no row.

interface Node {
  class?: string;
  type?: string;
  function_name?: string;
  schema?: string;
  children?: Node[];
  [key: string]: unknown;
}

interface Tree {
  statements?: { node: { select_list: Node[] } }[];
}

const prefix = "reads_";

/** Functions of one text that fail for none. */
const harmless = new Set(["trim", "ltrim", "rtrim", "lower", "lcase", "upper", "ucase", "proper", "strip_accents"]);

/**
 * The readers that an expression calls, each as a statement that asks whether it reads its text (`defineQuestions`), as JSON
 * for json_deserialize_sql. Undefined where the expression may fail otherwise.
 */
export function askReaders(json: string, readers: ReadonlySet<string>): string[] | undefined {
  const tree = JSON.parse(json) as Tree;
  const calls: Node[] = [];
  const visit = (node: Node | undefined): boolean => {
    const [first, second, ...others] = node?.children ?? [];
    if (node?.class === "COLUMN_REF") return true;
    if (node?.type === "OPERATOR_NOT") return first?.function_name === "parse_bool" && visit(first);
    const isPlain = node?.class === "FUNCTION" && ["", "main"].includes(node.schema ?? "");
    if (!isPlain || first === undefined || others.length > 0) return false;
    const name = (node.function_name ?? "").toLowerCase();
    if (readers.has(name) && (second === undefined || second.class === "CONSTANT")) calls.push(node);
    else if (!harmless.has(name) || second !== undefined) return false;
    return visit(first);
  };
  if (!visit(tree.statements?.[0]?.node.select_list[0])) return undefined;
  return calls.map((call) => questionOf(json, { ...call, function_name: prefix + call.function_name?.toLowerCase() }));
}

function questionOf(json: string, call: Node): string {
  const tree = JSON.parse(json) as Tree;
  for (const { node } of tree.statements ?? []) node.select_list = [call];
  // Where there is none, it is a number that JavaScript does not hold.
  return JSON.stringify(tree, (name, value: unknown) => (name === "query_location" ? 0 : value));
}

/** Statements that define the questions. */
export function defineQuestions(questions: Readonly<Record<string, string>>): string[] {
  return Object.entries(questions).map(([name, macro]) => `CREATE OR REPLACE MACRO ${prefix}${name}${macro}`);
}
