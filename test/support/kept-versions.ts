// Mode history as every database has it: one version of a record holds, versions don't overlap, the same content writes nothing,
// and a run that is killed at any step ends a version once and begins the next once.

import { join } from "node:path";
import { expect } from "vitest";
import { explain } from "../../src/core/errors.ts";
import { type ContractProject, countsOf } from "../contract/project.ts";
import { repository } from "./child.ts";
import { moveJob } from "./database-project.ts";

type Cells = Record<string, unknown>;

export interface VersionsTable {
  project: ContractProject;
  execute(sql: string): Promise<unknown>;
  /** Of `dim` (n, code, title, note, loaded DEFAULT 'new', valid_from, valid_to), in the order of code and valid_from. */
  versions(): Promise<Cells[]>;
  /** The database's own table of marks. */
  marks: string;
  /** Points at which a run is killed; at the last one no mark is remembered. */
  failpoints: readonly string[];
}

const program = [join(repository, "bin/loadline.js"), "run"];
const map = { code: "code", title: "{ from: title, on_null: clear }" };

export async function proveVersions({ project, execute, versions, marks, failpoints }: VersionsTable): Promise<void> {
  const took = async (name = "job.yaml") => {
    const ended = await project.run(name);
    const { creates, updates, mirrorDeletes, unchanged, loaded, failed, conflicts } = countsOf(ended);
    const { exitCode: exit } = ended.summary;
    return { why: explain(ended.error), exit, creates, updates, mirrorDeletes, unchanged, loaded, failed, conflicts };
  };
  const jobInto = (table: string) =>
    moveJob(
      "connection: drop, files: in.csv",
      `connection: crm, table: ${table}, mode: history, key: code`,
      map,
      "guards: { deletes: 100% }\n",
    );
  project.write({
    "job.yaml": jobInto("dim").replace("moved", "job"),
    "made.yaml": jobInto("made, create_table: true").replace("moved", "made"),
    "drop/in.csv": "code,title\na,A\nb,B\nc,C\n",
  });
  expect(await took()).toMatchObject({ creates: 3, loaded: 3 });
  await execute("UPDATE dim SET note = 'by hand', loaded = 'old' WHERE code = 'b'");
  expect(await took()).toMatchObject({ unchanged: 3, loaded: 0 });
  const last = failpoints.length - 1;
  for (const [index, failpoint] of failpoints.entries()) {
    // Without what remembers marks, rows tell it: of both batches.
    if (index === last) await execute(`DROP TABLE ${marks}`);
    project.write({ "drop/in.csv": `code,title\na,A\nb,${index}\nd,D\n${index === last ? "c,back\n" : ""}` });
    expect((await project.runKilled(program, "job.yaml", failpoint)).signal).toBe("SIGKILL");
    if (index === 0) {
      await execute("ALTER TABLE dim RENAME COLUMN title TO titel");
      expect(explain((await project.run("job.yaml")).error)).toContain("dim.title is not there any more");
      await execute("ALTER TABLE dim RENAME COLUMN titel TO title");
    }
    expect(await took(), failpoint).toMatchObject({ exit: 0, failed: 0, conflicts: 0 });
  }
  const rows = await versions();
  const told = rows.map(({ code, title, note, loaded, valid_from: from, valid_to: to }, index) => {
    const before = rows[index - 1];
    const isNext = before?.["code"] === code && before?.["valid_to"] === from;
    return [code, title ?? "-", note ?? "-", loaded, ...(isNext ? ["next"] : []), ...(to === null ? ["holds"] : [])];
  });
  const ofB = failpoints.map((_, index) => [
    "b",
    `${index}`,
    "by hand",
    "new",
    "next",
    ...(index === last ? ["holds"] : []),
  ]);
  expect(told).toEqual([
    ["a", "A", "-", "new", "holds"],
    ["b", "B", "by hand", "old"],
    ...ofB,
    ["c", "C", "-", "new"],
    // From its end to its return there was no such record.
    ["c", "back", "-", "new", "holds"],
    ["d", "D", "-", "new", "holds"],
  ]);
  expect([await took("made.yaml"), await took("made.yaml")]).toMatchObject([
    { creates: 4, loaded: 4 },
    { unchanged: 4, loaded: 0 },
  ]);
}
