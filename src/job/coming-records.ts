// Streams that change records which another stream of the job makes. What must hold: a stream is planned on what the target
// holds, so that a row whose record comes only in this run ends as unmatched; that is said before it happens.

import type { Job, Stream } from "./job.ts";
import { makesAndChanges } from "./mode.ts";
import { areApart, isOneObject } from "./two-writers.ts";

/** A sentence for each pair of streams that meet so. `systemOf`: what a connection leads to. */
export function tellComing({ streams }: Job, systemOf: (connection: string) => string): string[] {
  return streams.flatMap((later) => {
    const { mode, object } = later.target;
    if (mode !== "update" && mode !== "delete") return [];
    const makers = streams.filter(
      (maker) => maker !== later && makes(maker) && isOneObject(maker, later, systemOf) && !areApart(maker, later),
    );
    const does = mode === "update" ? "updates" : "deletes";
    const stays = isTakenAgain(later) ? "and the next run finds it" : "and its file is not taken again by itself";
    return makers.map(
      ({ name }) =>
        `${later.name}: ${does} records of ${object} that stream ${name} makes: a row whose record is new in this run ends as unmatched, ${stays}; ` +
        (mode === "update" ? `map its fields in ${name}, or load` : "load") +
        ` ${later.name} by a job of its own that runs later`,
    );
  });
}

function makes({ target: { mode } }: Stream): boolean {
  return mode === "insert" || makesAndChanges(mode);
}

/** Whether a row that found no record comes with the next run. */
export function isTakenAgain({ source }: Stream): boolean {
  return source.kind === "object" || (!source.once && source.after.kind === "leave");
}
