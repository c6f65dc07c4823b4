// A kept plan that gives a table a new content: written over what the plan has seen, and over nothing else.

import { expect } from "vitest";
import { createProject } from "./rig.ts";

export interface ReplacedTable {
  /** Of connections.yaml. */
  connection: string;
  env?: Record<string, string>;
  /** Another's row in the table `given (code)`. */
  add(code: string): Promise<unknown>;
  codes(): Promise<unknown[]>;
  /** Gives the column another type, or the one that it had. */
  alter(back: boolean): Promise<unknown>;
}

/** The table holds one row, "old". */
export async function proveReplacement({ connection, env = {}, add, codes, alter }: ReplacedTable): Promise<void> {
  await using project = createProject({
    "connections.yaml": `version: 1\nconnections:\n  drop: { type: file, path: ./drop }\n  crm: ${connection}\n`,
    "job.yaml": `version: 1
name: given
streams:
  rows:
    source: { connection: drop, files: in.csv }
    target: { connection: crm, table: given, mode: replace }
    map: { code: code }
guards: { deletes: 100% }
`,
    "drop/in.csv": "code\na\nb\n",
  });
  Object.assign(project.env, env);
  const run = async (code: number, ...args: string[]) => {
    const done = await project.run(...args);
    expect(done.code, done.stderr).toBe(code);
    return done;
  };
  const plan = async () => (await run(0, "plan", "job.yaml", "--json")).summary().run ?? "";
  const altered = /given was altered since the plan was made: \S+code (?:was a |takes )/;
  const killed = await project.start(["apply", await plan()], { env: { LOADLINE_FAILPOINT: "committed:1" } }).finished;
  expect(killed.signal, killed.stderr).toBe("SIGKILL");
  await alter(false);
  expect((await run(7, "resume")).stderr).toMatch(altered);
  await alter(true);
  await add("late");
  const resumed = await run(7, "resume", "--json");
  expect(resumed.stderr).toContain("was changed by another since the plan");
  expect(await codes()).toEqual(["late", "old"]);
  // Its transaction was undone: nobody has to look for its rows.
  const given = await run(0, "abandon", resumed.summary().run ?? "", "--yes");
  expect(given.stdout + given.stderr).toMatch(/\b0 in doubt/);
  const second = await plan();
  await alter(false);
  expect((await run(7, "apply", second)).stderr).toMatch(altered);
  await alter(true);
  await add("later");
  expect((await run(7, "apply", second)).stderr).toContain("--on-conflict overwrite");
  expect(await codes()).toEqual(["late", "later", "old"]);
  await run(0, "apply", await plan());
  expect(await codes()).toEqual(["a", "b"]);
}
