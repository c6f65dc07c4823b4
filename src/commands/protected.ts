// Connections that are `protected: true`: nothing is loaded into one before a person has said so. In: a job, the flags. Out:
// what is asked between a plan and its load. Must hold: what is asked shows how many records of which org would change;
// only a whole "yes" goes on; where nobody can be asked, `--yes` alone does.

import type { StreamRecord } from "../checkpoint/ledger.ts";
import { Failure, pathInCommand } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Job } from "../job/job.ts";
import { showCount } from "../report/numbers.ts";
import { askPerson, canAsk, chosenLog } from "../report/output.ts";
import { countActions, describeActions } from "../report/plan.ts";
import { visible } from "../report/visible-text.ts";
import type { Globals } from "./globals.ts";
import type { OpenProject } from "./project.ts";

export type Confirm = (planned: readonly StreamRecord[]) => Promise<void>;

/** The first protected connection that a job writes to. */
export function findProtected({ connections }: OpenProject, job: Job): string | undefined {
  const names = new Set(job.streams.map(({ target }) => target.connection));
  return [...names].find((name) => connections.get(name)?.protected === true);
}

/** Whether a person looks on and may be asked: what is asked must not stand among the lines of a log. */
export function mayAsk(): boolean {
  return canAsk() && !chosenLog().isJson && !chosenLog().isQuiet;
}

export function refuseUnasked(connection: string, job: Job): Failure {
  const plan = `${job.name}.plan`;
  if (job.twin !== undefined) {
    return new Failure(exitCode.guard, `connection ${connection} is protected: loading wants --yes`, {
      next: `loadline plan ${pathInCommand(job.file)} --all shows every change; then run again with --yes`,
    });
  }
  return new Failure(
    exitCode.guard,
    `connection ${connection} is protected: loading wants --yes, or an approved plan`,
    {
      next: `loadline plan ${pathInCommand(job.file)} --out ${plan} shows and keeps what would change; then loadline approve ${plan} and loadline apply ${plan}, or run again with --yes`,
    },
  );
}

/** Asks. Throws a Failure (4) for any other answer. */
export function confirmBy(globals: Globals, connection: string, job: Job): Confirm {
  return async (planned) => {
    const streams = planned.flatMap(({ name, counts, ...target }) =>
      counts === null ? [] : [{ name, counts, ...target }],
    );
    const written = streams.filter(({ counts }) => describeActions(countActions([{ counts }]), showCount).length > 0);
    const lines = written.map(({ name, counts, connection: to, object, org }) => {
      const actions = describeActions(countActions([{ counts }]), showCount).join(", ");
      return visible(`  ${name} → ${to} ${object}, org ${org}: ${actions}`);
    });
    const orgs = [...new Set(streams.filter((one) => one.connection === connection).map(({ org }) => org))].join(", ");
    const question = `Connection ${connection} is protected. This would be loaded:\n${lines.join("\n")}\nLoad it into org ${orgs}? Only "yes" does: `;
    const answer = await askPerson(question, globals.signal);
    if (answer.trim() === "yes") return;
    throw new Failure(exitCode.guard, "not loaded: the answer was not yes", {
      next: `loadline plan ${pathInCommand(job.file)} --all shows every change`,
    });
  };
}
