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
  const best = new Map<number, number>();
  const equal = new Map<number, Set<"domain" | "phone">>();
  const keep = (id: number, score: number, domain: unknown, phone: unknown) => {
    best.set(id, Math.max(best.get(id) ?? 0, score));
    const shared = equal.get(id) ?? new Set();
    if (domain === true) shared.add("domain");
    if (phone === true) shared.add("phone");
    equal.set(id, shared);
  };
  for await (const { one, other, score, domain, phone } of engine.stream("SELECT * FROM alike")) {
    links.join(Number(one), Number(other));
    for (const id of [one, other]) keep(Number(id), Number(score), domain, phone);
  }
  const same = `SELECT id, count(domain) > count(DISTINCT domain) AS domain, count(phone) > count(DISTINCT phone) AS phone
    FROM placed GROUP BY id HAVING count(*) > 1`;
  for await (const { id, domain, phone } of engine.stream(same)) keep(Number(id), 1, domain, phone);

  const groups = new Map<number, DuplicateGroup>();
  const unlined: Grouped["unlined"] = new Map();
  const rows = `SELECT p.* FROM placed AS p SEMI JOIN (SELECT one AS id FROM alike UNION SELECT other FROM alike
    UNION SELECT id FROM placed GROUP BY id HAVING count(*) > 1) AS m ON m.id = p.id ORDER BY file, position`;
  for await (const row of engine.stream(rows)) {
    const id = Number(row["id"]);
    const score = Number((best.get(id) ?? 0).toFixed(scoreDigits));
    const found = describeRow(row, files[Number(row["file"])] ?? "", score);
    const root = links.rootOf(id);
    const group: DuplicateGroup = groups.get(root) ?? { score: 1, equal: [], rows: [] };
    groups.set(root, group);
    group.rows.push(found);
    group.score = Math.min(group.score, score);
    for (const what of equal.get(id) ?? []) if (!group.equal.includes(what)) group.equal.push(what);
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
