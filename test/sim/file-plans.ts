// Plans of files that are written anew, against a twin that knows no plan. In: a seed: some rounds, in each of which rows
// come, change and go, and the file is written by a run or by a plan. Out: after each round the files of both are the same,
// byte for byte, and a plan that was written, or that a run came before, is refused (7). Throws with the seed otherwise.

import { seededFraction } from "../../src/core/random.ts";
import { createProject, type Project } from "../support/rig.ts";

const ways = ["run", "apply", "carried", "two plans", "run in between"] as const;

const connections =
  "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n  out: { type: file, path: ./out }\n";

function jobOf(mode: string, name: string): string {
  const key = mode === "delta" ? ", key: Id" : "";
  return `version: 1
name: files
streams:
  people:
    source: { connection: drop, files: "people.csv" }
    target: { connection: out, files: "${name}", mode: ${mode}${key} }
    map: { Id: id, Name: upper(name) }
rejects: { max: 100% }
`;
}

export async function tryFilePlans(seed: number): Promise<void> {
  const next = seededFraction(seed);
  const draw = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const mode = draw(["replace", "delta"]);
  const name = draw(["people.csv", "people.jsonl", "people.parquet"]);
  const files = { "connections.yaml": connections, "job.yaml": jobOf(mode, name), "out/.keep": "" };
  await using planned = createProject(files);
  await using twin = createProject(files);
  const rows = new Map<string, string>();
  const told: string[] = [];
  for (let round = 1; round <= 3; round += 1) {
    for (const id of ["1", "2", "3", "4", "5"]) {
      if (next() < 0.2) rows.delete(id);
      else if (next() < 0.6) rows.set(id, draw(["a", "b", "c"]));
    }
    const csv = { "inbox/people.csv": `id,name\n${[...rows].map(([id, value]) => `${id},${value}\n`).join("")}` };
    planned.write(csv);
    twin.write(csv);
    const way = draw(ways);
    told.push(way);
    const where = `seed ${seed}, ${mode} ${name}, ${told.join(", ")}`;
    await expectCode(where, twin, 0, "run", "job.yaml");
    await writeBy(where, planned, way, mode);
    const [left, right] = [planned, twin].map((one) => one.list("out").map((file) => [file, contentOf(one, file)]));
    if (JSON.stringify(left) !== JSON.stringify(right))
      throw new Error(`${where}: ${JSON.stringify(left)}, not ${JSON.stringify(right)}`);
  }
}

function contentOf(project: Project, file: string): string {
  return project.read(`out/${file}`);
}

async function writeBy(where: string, project: Project, way: (typeof ways)[number], mode: string): Promise<void> {
  const plan = async (...args: string[]) =>
    (await expectCode(where, project, 0, "plan", "job.yaml", ...args, "--json")).summary().run ?? "";
  if (way === "run") {
    await expectCode(where, project, 0, "run", "job.yaml");
    return;
  }
  if (way === "carried") {
    const file = `${project.runFolders().length}.plan`;
    await plan("--out", file);
    await expectCode(where, project, 0, "apply", file);
    await expectCode(where, project, 7, "apply", file);
    return;
  }
  const first = await plan();
  const second = way === "two plans" ? await plan() : "";
  if (way === "run in between") await expectCode(where, project, 0, "run", "job.yaml");
  // What a file is given as a whole may be given again; what changed since may not.
  const isStale = mode === "delta" && way === "run in between";
  await expectCode(where, project, isStale ? 7 : 0, "apply", first);
  await expectCode(where, project, 7, "apply", first);
  if (second !== "") await expectCode(where, project, mode === "delta" ? 7 : 0, "apply", second);
}

async function expectCode(where: string, project: Project, code: number, ...args: string[]) {
  const done = await project.run(...args);
  if (done.code !== code)
    throw new Error(`${where}: ${args.join(" ")} ended with ${done.code}, not ${code}: ${done.stderr}`);
  return done;
}
