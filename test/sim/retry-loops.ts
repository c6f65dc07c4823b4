// Rows that were rejected, exported, mended by people and loaded again, against a model. In: a seed: rows of which some are
// wrong for the job, some for the org; in each round people mend lines, leave them, lose them, double them, put them in
// another order, and give a file of an earlier round once more. Out: each row is in the org once, as it was mended first,
// or open in the run that tried it last. Throws with the seed otherwise.

import { rmSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { seededFraction } from "../../src/core/random.ts";
import { connections, createProject, type Project, type Sandbox } from "../support/rig.ts";

export const schema = {
  salesforce: { Contact: { fields: { Loose__c: { type: "string", length: 40, externalId: true } } } },
};

/** The org does not keep the key unique: only the tool keeps a row from being doubled. */
const job = `version: 1
name: loop
streams:
  contacts:
    source: { connection: drop, files: "*.csv", after: { move: done } }
    target: { connection: salesforce, object: Contact, key: Loose__c, mode: insert, batch: { rows: 4 } }
    map: { Loose__c: id, LastName: last, Email: email }
    validate: [ { field: LastName, required: true } ]
rejects: { max: 100% }
`;

type Wrong = "" | "last" | "email";

interface Row {
  id: string;
  wrong: Wrong;
}

export async function tryRetries(sandbox: Sandbox, seed: number): Promise<void> {
  const next = seededFraction(seed);
  const draw = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  await sandbox.api("POST", "/__sandbox/reset");
  const rows = Array.from(
    { length: 10 },
    (_, index): Row => ({ id: `k${index}`, wrong: draw(["", "last", "email", "last"]) }),
  );
  await using project = createProject({
    ...connections(sandbox),
    "job.yaml": job,
    "inbox/a.csv": stringify(rows.map(cellsOf), { header: true }),
  });
  const where = `seed ${seed}`;
  const first = await runOf(where, project, "run", "job.yaml");
  const loaded = rows.filter(({ wrong }) => wrong === "").map(({ id }) => id);
  /** Open rows, by the run that tried them last. */
  const open = new Map([[first, rows.filter(({ wrong }) => wrong !== "")]]);
  const given: { run: string; file: string }[] = [];
  for (let round = 1; round <= 4; round += 1) {
    const runs = [...open].flatMap(([run, left]) => (left.length > 0 ? [run] : []));
    const again = given.length > 0 && next() < 0.25 ? draw(given) : undefined;
    if (again === undefined && runs.length === 0) break;
    const run = again?.run ?? draw(runs);
    const file = again?.file ?? `mend-${round}.csv`;
    if (again === undefined) await exportMended(where, project, { run, file, next, draw });
    given.push({ run, file });
    const lines = readMended(project, file);
    const ofRun = open.get(run) ?? [];
    const taken = new Map<string, Row>();
    for (const line of lines) {
      const id = line["id"] ?? "";
      if (taken.has(id) || !ofRun.some((row) => row.id === id)) continue;
      taken.set(id, { id, wrong: line["last"] === "" ? "last" : line["email"] === "no address" ? "email" : "" });
    }
    const by = lines.length === 0 ? "" : await runOf(where, project, "rejects", run, "--retry", file);
    open.set(
      run,
      ofRun.filter(({ id }) => !taken.has(id)),
    );
    if (by !== "")
      open.set(
        by,
        [...taken.values()].filter(({ wrong }) => wrong !== ""),
      );
    loaded.push(...[...taken.values()].filter(({ wrong }) => wrong === "").map(({ id }) => id));
    const there = (await sandbox.dump("Contact")).map((one) => String(one["Loose__c"])).sort();
    if (there.join() !== [...loaded].sort().join())
      throw new Error(`${where}, round ${round}: there are ${there.join()}, not ${[...loaded].sort().join()}`);
    for (const [one, left] of open) await expectOpen(where, project, one, left);
  }
}

const cellsOf = ({ id, wrong }: Row) => ({
  id,
  last: wrong === "last" ? "" : `Last ${id}`,
  email: wrong === "email" ? "no address" : `${id}@x.de`,
});

interface Mending {
  run: string;
  file: string;
  next: () => number;
  draw: <T>(list: readonly T[]) => T;
}

async function exportMended(where: string, project: Project, { run, file, next, draw }: Mending): Promise<void> {
  rmSync(project.path(file), { force: true });
  const done = await project.run("rejects", run, "--export", file);
  if (done.code !== 0) throw new Error(`${where}: export ended with ${done.code}: ${done.stderr}`);
  const lines = readMended(project, file).flatMap((line) => {
    const mended = next() < 0.6 ? { ...line, last: `Mended ${line["id"]}`, email: `${line["id"]}@y.de` } : line;
    const fate = draw(["kept", "kept", "kept", "lost", "doubled"]);
    // The second time it is right in any case: the first line counts.
    const second = { ...line, last: `Doubled ${line["id"]}`, email: `${line["id"]}@z.de` };
    return fate === "lost" ? [] : fate === "doubled" ? [mended, second] : [mended];
  });
  const ordered = next() < 0.5 ? lines : lines.toReversed();
  project.write({ [file]: stringify(ordered, { header: true }) });
}

function readMended(project: Project, file: string): Record<string, string>[] {
  return parse(project.read(file), { columns: true, bom: true });
}

/** The id of the run, which ended well. */
async function runOf(where: string, project: Project, ...args: string[]): Promise<string> {
  const done = await project.run(...args, "--json");
  if (done.code !== 0) throw new Error(`${where}: ${args.join(" ")} ended with ${done.code}: ${done.stderr}`);
  return done.summary().run ?? "";
}

async function expectOpen(where: string, project: Project, run: string, left: readonly Row[]): Promise<void> {
  const { stdout } = await project.run("rejects", run, "--json");
  const { streams } = JSON.parse(stdout) as { streams: Record<string, { open: number }> };
  const told = streams["contacts"]?.open ?? 0;
  if (told !== left.length) throw new Error(`${where}: ${told} rows of ${run} are open, not ${left.length}`);
}
