// Kept plans of a table in SQLite, under the hands of others, against a model. In: a seed: rows, a mode, what others do
// between plan and apply. Out: the table is what the model says, and a plan is written once. Throws with the seed otherwise.
// Nothing of the model is loadline's code.

import { definition } from "../../src/connectors/sqlite/marks.ts";
import { seededFraction } from "../../src/core/random.ts";
import { openSqliteData } from "../../src/core/sqlite.ts";
import { createProject, type Project } from "../support/rig.ts";

const modes = ["upsert", "update", "delete", "mirror", "replace"] as const;
type Mode = (typeof modes)[number];
/** `note` is in no map. */
type Cells = Record<"title" | "phone" | "note", string>;
type Table = Map<string, Cells>;

interface History {
  mode: Mode;
  onConflict: "hold" | "overwrite" | "fail";
  strict: boolean;
  rows: Map<string, Pick<Cells, "title" | "phone">>;
  present: Table;
  /** What is there once others were at work. */
  now: Table;
  isCarried: boolean;
}

const mapped = ["title", "phone"] as const;
const letters = ["a", "b", "c"];

function drawHistory(seed: number): History {
  const next = seededFraction(seed);
  const draw = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const cells = (): Cells => ({ title: draw(letters), phone: draw(letters), note: "n" });
  const keys = Array.from({ length: 12 }, (_, index) => `K${String(index).padStart(2, "0")}`);
  const mode = draw(modes);
  const present: Table = new Map();
  const rows: History["rows"] = new Map([["K00", { title: "a", phone: "b" }]]);
  for (const key of keys) {
    if (next() < 0.7) present.set(key, cells());
    if (next() < 0.7) rows.set(key, { title: draw(letters), phone: draw(letters) });
  }
  const now: Table = new Map([...present].map(([key, held]) => [key, { ...held }]));
  // A table that gives way is often left alone, or nothing would be written.
  const isQuiet = mode === "replace" && next() < 0.5;
  for (const key of isQuiet ? [] : keys) {
    const held = now.get(key);
    if (next() > 0.4) continue;
    const deed = next();
    if (held === undefined || deed < 0.15) now.set(key, cells());
    else if (deed < 0.3) now.delete(key);
    else held[draw([...mapped, "note"] as const)] = draw([...letters, "d"]);
  }
  const onConflict = draw(["hold", "hold", "overwrite", "fail"] as const);
  return { mode, onConflict, strict: next() < 0.25, rows, present, now, isCarried: next() < 0.4 };
}

/** What must be there; undefined where the plan is refused as a whole. */
function expectTable({ mode, onConflict, strict, rows, present, now }: History): Table | undefined {
  const same = (key: string) => JSON.stringify(present.get(key)) === JSON.stringify(now.get(key));
  const after = new Map([...now].map(([key, held]) => [key, { ...held }]));
  if (mode === "replace") {
    const isSame = now.size === present.size && [...now.keys()].every(same);
    if (!isSame && onConflict !== "overwrite") return undefined;
    return new Map([...rows].map(([key, row]) => [key, { ...row, note: "new" }]));
  }
  let conflicts = 0;
  for (const [key, row] of rows) {
    const was = present.get(key);
    const is = after.get(key);
    if (was === undefined) {
      if (mode !== "upsert" && mode !== "mirror") continue;
      if (is === undefined) after.set(key, { ...row, note: "new" });
      else conflicts += 1;
    } else if (mode === "delete") {
      if (is !== undefined && (same(key) || onConflict === "overwrite")) after.delete(key);
      else conflicts += 1;
    } else {
      const changed = mapped.filter((field) => was[field] !== row[field]);
      if (changed.length === 0) continue;
      const isHeld = (field: (typeof mapped)[number]) => {
        if (is === undefined || is[field] === was[field]) return false;
        return changed.includes(field) ? is[field] !== row[field] : strict;
      };
      if (is === undefined || (onConflict !== "overwrite" && mapped.some(isHeld))) conflicts += 1;
      else for (const field of changed) is[field] = row[field];
    }
  }
  if (mode === "mirror") {
    for (const key of [...present.keys()].filter((one) => !rows.has(one))) {
      if (after.has(key) && (same(key) || onConflict === "overwrite")) after.delete(key);
      else conflicts += 1;
    }
  }
  return onConflict === "fail" && conflicts > 0 ? undefined : after;
}

const connections =
  "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n  crm: { type: sqlite, path: crm.db }\n";

function jobOf({ mode }: History): string {
  return `version: 1
name: people
streams:
  people:
    source: { connection: drop, files: "people.csv" }
    target: { connection: crm, table: people, key: n, mode: ${mode} }
    map: { n: code${mode === "delete" ? "" : ", message: title, field: phone"} }
guards: { deletes: 100%, changed: 100%, blanked: 100%, source_rows_min: 1 }
rejects: { max: 100% }
`;
}

export async function tryTablePlan(seed: number): Promise<void> {
  const history = drawHistory(seed);
  const csv = [...history.rows].map(([code, { title, phone }]) => `${code},${title},${phone}\n`).join("");
  await using project = createProject({
    "connections.yaml": connections,
    "job.yaml": jobOf(history),
    "inbox/people.csv": `code,title,phone\n${csv}`,
    "crm.db": "",
  });
  hold(project, history.present);
  const where = `seed ${seed}, ${JSON.stringify({ ...history, rows: [...history.rows], present: [...history.present], now: [...history.now] })}`;
  const run = async (code: number, ...args: string[]) => {
    const done = await project.run(...args);
    if (done.code !== code) throw new Error(`${where}: ${args.join(" ")} ended with ${done.code}: ${done.stderr}`);
    return done;
  };
  const file = history.isCarried ? ["--out", "people.plan"] : [];
  const { run: id = "" } = (await run(0, "plan", "job.yaml", ...file, "--json")).summary();
  hold(project, history.now);
  const expected = expectTable(history);
  const apply = ["apply", history.isCarried ? "people.plan" : (id ?? "")];
  const flags = ["--on-conflict", history.onConflict, ...(history.strict ? ["--strict"] : [])];
  await run(expected === undefined ? 7 : 0, ...apply, ...flags);
  compare(where, project, expected ?? history.now);
  if (expected === undefined) return;
  await run(7, ...apply, ...flags);
  compare(where, project, expected);
}

/** All rows anew: SQLite tells a row by what it holds. Columns are called as ours are, which is no matter. */
function hold(project: Project, table: Table): void {
  using database = openSqliteData(project.path("crm.db"), { readOnly: false });
  database.exec(definition);
  database.exec(
    "CREATE TABLE IF NOT EXISTS people (n TEXT PRIMARY KEY, message TEXT, field TEXT, note TEXT DEFAULT 'new')",
  );
  database.exec("DELETE FROM people");
  const insert = database.prepare("INSERT INTO people VALUES (?, ?, ?, ?)");
  for (const [code, { title, phone, note }] of table) insert.run(code, title, phone, note);
}

function compare(where: string, project: Project, table: Table): void {
  using database = openSqliteData(project.path("crm.db"), { readOnly: true });
  const found = database
    .prepare("SELECT n AS code, message AS title, field AS phone, note FROM people ORDER BY n")
    .all();
  const wanted = [...table].map(([code, { title, phone, note }]) => ({ code, title, phone, note }));
  wanted.sort((left, right) => (left.code < right.code ? -1 : 1));
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`${where}:\n${JSON.stringify(found)}, not\n${JSON.stringify(wanted)}`);
}
