// Groups of rows whose names are alike. In: the tables `placed` and `alike`. Out: groups; a row whose name is the same as
// another's, or alike to one, is of its group. Must hold: each row is in one group at most.

import type { DuplicateGroup, NearDuplicate } from "../../../report/near-duplicates.ts";
import type { Engine } from "../../../stage/engine.ts";

interface Grouped {
  groups: DuplicateGroup[];
  /** Rows whose lines are not known yet, by their file and position. */
  unlined: Map<number, Map<number, NearDuplicate>>;
}

/** Scores are told with so many digits. */
const scoreDigits = 3;

export async function groupPairs(engine: Engine, files: readonly string[]): Promise<Grouped> {
  const links = new Links();
  // There may be millions of pairs, of which nothing but the ids is told here.
  for await (const [left = [], right = []] of engine.numbers("SELECT one, other FROM alike"))
    for (const [place, one] of left.entries()) links.join(one, right[place] ?? one);

  const groups = new Map<number, DuplicateGroup>();
  const unlined: Grouped["unlined"] = new Map();
  for await (const row of engine.stream(rowsOfGroups)) {
    const score = Number(Number(row["score"]).toFixed(scoreDigits));
    const found = describeRow(row, files[Number(row["file"])] ?? "", score);
    const root = links.rootOf(Number(row["id"]));
    const group: DuplicateGroup = groups.get(root) ?? { score: 1, equal: [], rows: [] };
    groups.set(root, group);
    group.rows.push(found);
    group.score = Math.min(group.score, score);
    for (const what of ["domain", "phone"] as const)
      if (row[`same_${what}`] === true && !group.equal.includes(what)) group.equal.push(what);
    if (row["line"] !== null) continue;
    const file = unlined.get(Number(row["file"])) ?? new Map<number, NearDuplicate>();
    unlined.set(Number(row["file"]), file.set(Number(row["position"]), found));
  }
  for (const group of groups.values()) group.equal.sort();
  // The root is the first name of its group by the order of text.
  const inOrder = [...groups].sort(
    ([rootLeft, left], [rootRight, right]) =>
      right.score - left.score || right.rows.length - left.rows.length || rootLeft - rootRight,
  );
  return { groups: inOrder.map(([, group]) => group), unlined };
}

/** Of a name the most that it is alike to another; 1 where several rows have it. */
const best = `SELECT id, max(score) AS score, bool_or(domain) AS same_domain, bool_or(phone) AS same_phone FROM (
    SELECT one AS id, score, domain, phone FROM alike UNION ALL SELECT other, score, domain, phone FROM alike
    UNION ALL SELECT id, 1, count(domain) > count(DISTINCT domain), count(phone) > count(DISTINCT phone)
    FROM placed GROUP BY id HAVING count(*) > 1)
  GROUP BY id`;

const rowsOfGroups = `SELECT id, file, position, line, raw_name, raw_domain, raw_phone, score, same_domain, same_phone
  FROM placed JOIN (${best}) AS b USING (id) ORDER BY file, position`;

function describeRow(row: Record<string, unknown>, file: string, score: number): NearDuplicate {
  const text = (what: string) => (row[what] === null ? null : String(row[what]));
  return {
    file,
    line: Number(row["line"] ?? 0),
    name: text("raw_name") ?? "",
    domain: text("raw_domain"),
    phone: text("raw_phone"),
    score,
  };
}

/** Which of numbers hang together; the smallest stands for all of them. */
class Links {
  readonly #towards = new Map<number, number>();

  rootOf(one: number): number {
    let root = one;
    for (let next = this.#towards.get(root); next !== undefined; next = this.#towards.get(root)) root = next;
    for (let at = one; at !== root; ) {
      const next = this.#towards.get(at) ?? root;
      this.#towards.set(at, root);
      at = next;
    }
    return root;
  }

  join(left: number, right: number): void {
    const roots = [this.rootOf(left), this.rootOf(right)].sort((one, other) => one - other);
    const [smaller = 0, larger = 0] = roots;
    if (smaller !== larger) this.#towards.set(larger, smaller);
  }
}
