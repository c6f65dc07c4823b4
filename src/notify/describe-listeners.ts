// Whom a job would tell, for `check`: nothing is called. In: a job, the variables. Out: lines for people; what would keep
// somebody from being told is a warning, for it keeps no run from anything.

import { Failure, placeOf } from "../core/errors.ts";
import type { Environment, Job, OptionalReference, Ping, Place } from "../job/job.ts";
import { openReceiver, readAddress } from "./receivers.ts";

interface Listeners {
  checked: string[];
  warnings: string[];
}

export function describeListeners({ notify, ping = {} }: Pick<Job, "notify" | "ping">, environment: Environment) {
  const told: Listeners = { checked: [], warnings: [] };
  for (const notice of notify) {
    const when = notice.when.join(", ");
    describe(told, `notify: ${notice.to.kind}`, notice.place, () => {
      const receiver = openReceiver(notice, environment);
      return receiver === undefined ? undefined : `notify: ${receiver.name} (${when})`;
    });
  }
  for (const [name, reference] of Object.entries(ping) as [keyof Ping, OptionalReference][]) {
    describe(told, `ping.${name}`, reference.place, () => {
      const url = readAddress(reference, environment);
      return url === undefined ? undefined : `ping.${name} at ${url.host}`;
    });
  }
  return told;
}

function describe(told: Listeners, what: string, place: Place, open: () => string | undefined): void {
  try {
    told.checked.push(open() ?? `${what}: nobody to tell, for its variable is empty`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    told.warnings.push(`${placeOf(error.where ?? place)}: ${what} would not be told: ${error.message}`);
  }
}
