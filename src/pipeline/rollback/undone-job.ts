// A job as a rollback of one of its runs goes by it: the same streams and fields, each written over whatever it holds. In: the
// job that the run kept. Out: that job with nothing in it that reads a source, looks anything up or leaves a field alone.
// Must hold: a guard that the job itself sets still counts; none that speaks of the source does.

import { plainCsv } from "../../formats/format.ts";
import { type Job, type Stream, writesFile } from "../../job/job.ts";

export function undoneJob(job: Job): Job {
  const { sourceRowsMin: _rows, sourceRowsMinVsLast: _vsLast, blanked: _blanked, ...guards } = job.guards;
  const streams = job.streams.filter(({ target }) => !writesFile(target.mode));
  return { ...job, guards, tests: [], streams: streams.map(undoneStream) };
}

/** What comes back lies with the run that is undone: its source is not asked, and may be gone. */
function undoneStream(stream: Stream): Stream {
  const { name, place, madeFor, target } = stream;
  const { where: _where, adoptBy: _adoptBy, scope: _scope, ...plain } = target;
  const fields = stream.fields
    .filter(({ own }) => own !== false)
    .map(({ lookup: _lookup, newestBy: _newestBy, ...field }) => ({ ...field, policy: "overwrite" as const }));
  return {
    name,
    place,
    ...(madeFor === undefined ? {} : { madeFor }),
    source: {
      kind: "files",
      connection: target.connection,
      files: "",
      format: stream.source.kind === "files" ? stream.source.format : plainCsv,
      optional: [],
      order: "name",
      once: false,
      after: { kind: "leave" },
      place: stream.source.place,
    },
    target: { ...plain, hardDelete: false, undoes: true, isMatched: true },
    fields,
    rules: [],
  };
}
