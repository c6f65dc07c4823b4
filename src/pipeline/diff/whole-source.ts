// Whether a stream's source is whole, from the job to the last staged row. In: what the job says, what the command line
// chooses, which files were taken, which records could be read and which keys are known. Out: a Wholeness, for the diff.
// What must hold: a source of which anything is not known is no whole one. A record that is kept too long is deleted by a
// later run; one that is deleted wrongly is gone.

import type { RunOptions, TakeRecord } from "../../checkpoint/ledger.ts";
import type { RecordCatalog } from "../../contract/records.ts";
import { problemOf } from "../../core/problem.ts";
import { identifier, literal } from "../../core/sql.ts";
import { partial, together, type Wholeness, whole } from "../../core/wholeness.ts";
import type { Stream } from "../../job/job.ts";
import { countOf } from "../../report/numbers.ts";
import type { Engine } from "../../stage/engine.ts";
import { rowState } from "../../stage/stage.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import type { StagedStream } from "../stage/staged-stream.ts";

/** What the job, and a window of one's own, say of it. */
export function wholeAsAsked(
  { source, keep, target }: Stream,
  options: Pick<RunOptions, "from" | "to" | "retry">,
  catalog?: Pick<RecordCatalog, "filtersByIndex">,
): Wholeness {
  const reasons: Wholeness[] = [];
  if (options.from !== undefined || options.to !== undefined) reasons.push(partial("--from and --to choose a window"));
  if (options.retry !== undefined) reasons.push(partial("only rows of an earlier run are taken"));
  if (keep !== undefined) reasons.push(partial("keep leaves rows of the source out"));
  if (source.kind === "object") {
    if (source.incremental !== undefined) reasons.push(partial("the source is incremental: it gives what changed"));
    if (source.where !== undefined && target.scope === undefined && target.where === undefined)
      reasons.push(
        partial("source.where takes a part of the object, and no target.scope says which records it stands for"),
      );
    if (source.where !== undefined && catalog?.filtersByIndex === true)
      reasons.push(partial("source.where is answered by a search index, which may not know yet what is there"));
  }
  return together(reasons);
}

/** What a person's choice of rows leaves of it. */
export function wholeAsSelected({ limit, keys }: Pick<RunOptions, "limit" | "keys">): Wholeness {
  if (limit !== undefined) return partial("--limit takes a part of the source");
  return keys === undefined ? whole : partial("--keys takes a part of the source");
}

/** What is left of it by files that are there and not taken. */
export function wholeAsTaken(takes: readonly TakeRecord[]): Wholeness {
  const before = takes.filter(({ ordinal, takenBy }) => ordinal > 0 && takenBy !== null);
  return before.length === 0 ? whole : partial(`${countOf(before.length, "file")} taken before`);
}

/** Whether every record could be read, and the key of every row is known. */
export async function wholeAsStaged(
  engine: Engine,
  { stream }: CompiledStream,
  { view, parts }: StagedStream,
): Promise<Wholeness> {
  const broken = parts.filter((part) => part.broken.length > 0);
  const [first] = broken;
  const records = broken.reduce((sum, part) => sum + part.broken.length, 0);
  const unread =
    first === undefined
      ? whole
      : partial(
          `${countOf(records, "record")} can't be read, the first in ${first.part.label} line ${first.broken[0]?.line}`,
        );
  const { key } = stream.target;
  const isBlank = key.map((name) => `coalesce(${identifier(name)}, '') = ''`);
  // What was refused for its key may stand for another one than the row holds now.
  const isRefused = key.map(
    (name) => `len(list_filter(_problems_, lambda problem_: starts_with(problem_, ${literal(problemOf(name))}))) > 0`,
  );
  const unknown = key.length === 0 ? "false" : [...isBlank, ...isRefused].join(" OR ");
  const counts = await engine.one(
    `SELECT count(*) FILTER (_state_ <> ${rowState.good} AND (${unknown})) AS keyless,
      count(*) FILTER (_breaks_ < 0) AS swallowing FROM ${identifier(view)}`,
  );
  const keyless = Number(counts["keyless"]);
  const swallowing = Number(counts["swallowing"]);
  return together([
    unread,
    keyless === 0 ? whole : partial(`the key of ${countOf(keyless, "row")} is not known: see the rejects`),
    // Whether a stray quote has swallowed them can't be known.
    swallowing === 0
      ? whole
      : partial(`lines that look like records stand in a value of ${countOf(swallowing, "row")}`),
  ]);
}

/** `alike`: rows that may stand for a record whose key is written in another way. */
export function wholeAsMatched(alike: number): Wholeness {
  if (alike === 0) return whole;
  return partial(
    `which record ${countOf(alike, "row")} stands for is not known, for one has a key like it: see the rejects`,
  );
}
