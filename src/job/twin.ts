// Two jobs that name each other: one takes from A what it writes to B, the other from B what it writes to A. In: a job, and
// the folder that its twin lies in. Out: the job, each of its streams with the fields that both sides may change and who
// decides them; the twin's stream of each. What must hold: each stream has exactly one that goes the other way; the two
// never say two things of one field.

import { type Diagnostic, diagnosticsFailure } from "./diagnostics.ts";
import type { Job, MappedField, Ownership, Stream } from "./job.ts";
import { findCalled } from "./jobs-beside.ts";
import { readJob } from "./read-job.ts";

export interface Twin {
  job: Job;
  /** By the name of a stream: the twin's stream that goes the other way. */
  streams: ReadonlyMap<string, Stream>;
}

export interface PairedJob {
  job: Job;
  /** Absent where it has none. */
  twin?: Twin;
}

/** Throws a Failure (exit 2) where the two do not go together. */
export function openTwin(job: Job, folder: string): PairedJob {
  const { twin: named } = job;
  if (named === undefined) return { job };
  const [file, other] = findCalled(folder, named.name, job.file);
  const at = { place: named.place, length: named.name.length };
  if (file === undefined || other !== undefined) {
    const message = `twin: ${file === undefined ? "no job" : "more than one job"} beside this one is called ${named.name}`;
    throw diagnosticsFailure([
      { ...at, message, next: "a twin lies in the folder of the job, under a name of its own" },
    ]);
  }
  const twin = readJob(file);
  if (twin.twin?.name !== job.name) {
    const message = `twin: ${named.name} does not name ${job.name} as its own`;
    throw diagnosticsFailure([{ ...at, message, next: `write twin: ${job.name} at the top of ${file}` }]);
  }
  const problems: Diagnostic[] = [];
  const streams = pairStreams(job, twin, problems);
  const settled = job.streams.map((stream) => settleOwnership(stream, streams.get(stream.name), problems));
  if (problems.length > 0) throw diagnosticsFailure(problems);
  return { job: { ...job, streams: settled }, twin: { job: twin, streams } };
}

function pairStreams(job: Job, twin: Job, problems: Diagnostic[]): Map<string, Stream> {
  const pairs = new Map<string, Stream>();
  const own = job.streams.filter(isTwoWay);
  const others = twin.streams.filter(isTwoWay);
  for (const stream of own) {
    const { source, target } = stream;
    const at = { place: stream.place, length: stream.name.length };
    const from = source.kind === "object" ? source.object : "files";
    const found = others.filter((other) => goesBack(stream, other));
    const beside = own.filter((other) => other !== stream && isAlike(stream, other));
    const [pair] = found;
    if (pair === undefined) {
      const message = `stream ${stream.name}: ${twin.name} has no stream that takes ${target.object} and writes ${from}`;
      problems.push({ ...at, message, next: "each stream of a job with a twin has one that goes the other way" });
    } else if (found.length > 1 || beside.length > 0) {
      const names = [...found.slice(1), ...beside].map(({ name }) => name).join(", ");
      const message = `stream ${stream.name}: several streams go between ${from} and ${target.object} (${names})`;
      problems.push({ ...at, message, next: "one stream each way: records are paired by what the two last agreed on" });
    } else pairs.set(stream.name, pair);
  }
  for (const other of others.filter((other) => !own.some((stream) => goesBack(stream, other)))) {
    const place = job.twin?.place ?? { file: job.file };
    problems.push({
      place,
      message: `twin: stream ${other.name} of ${twin.name} has none here that goes the other way`,
    });
  }
  return pairs;
}

/** What makes records for another stream goes one way. */
function isTwoWay({ twoWay, madeFor }: Stream): boolean {
  return twoWay !== undefined && madeFor === undefined;
}

function goesBack(stream: Stream, other: Stream): boolean {
  return isEnd(stream.source, other.target) && isEnd(other.source, stream.target);
}

function isAlike(stream: Stream, other: Stream): boolean {
  return isSame(stream.target, other.target) && sourceOf(stream) === sourceOf(other);
}

function isEnd(source: Stream["source"], target: Stream["target"]): boolean {
  return source.kind === "object" && isSame({ connection: source.connection, object: source.object }, target);
}

interface End {
  connection: string;
  object: string;
}

function isSame(left: End, right: End): boolean {
  return left.connection === right.connection && left.object.toLowerCase() === right.object.toLowerCase();
}

function sourceOf({ source }: Stream): string {
  return source.kind === "object" ? `${source.connection} ${source.object.toLowerCase()}` : "";
}

const inverse: Readonly<Record<Ownership, Ownership>> = {
  source: "target",
  target: "source",
  newest: "newest",
  ask: "ask",
};

/** A field that both may change is one that this stream writes and the other reads; of any other, `ownership` has nothing to decide. */
function settleOwnership(stream: Stream, pair: Stream | undefined, problems: Diagnostic[]): Stream {
  const { twoWay } = stream;
  if (twoWay === undefined || pair === undefined) return stream;
  const settled: Record<string, Ownership> = {};
  for (const field of stream.fields) {
    const { target: name, targetPlace: place } = field;
    const written = twoWay.ownership[name];
    const readers = pair.fields.filter((other) => reads(other, name));
    if (readers.length === 0 || stream.target.key.includes(name) || field.own === false) {
      if (written === undefined) continue;
      const message = `ownership of ${name}: the twin's stream ${pair.name} does not read it, so that only this job changes it`;
      problems.push({ place, length: name.length, message, next: "leave it out, or map a field of the twin from it" });
      continue;
    }
    const back = readers.find((other) => reads(field, other.target));
    const said = back === undefined ? undefined : pair.twoWay?.ownership[back.target];
    if (written !== undefined && said !== undefined && said !== inverse[written]) {
      const message = `ownership of ${name} is ${written} here, and ${said} of ${back?.target ?? ""} in the twin: they decide the same field`;
      const next = `write it in one of the two jobs, or ${inverse[written]} in the twin`;
      problems.push({ place, length: name.length, message, next });
    }
    settled[name] = written ?? (said === undefined ? "ask" : inverse[said]);
  }
  return withLink({ ...stream, twoWay: { ...twoWay, ownership: settled } }, pair);
}

/** What the twin writes into its key may name our record: it is taken along. */
function withLink(stream: Stream, pair: Stream): Stream {
  const [column = ""] = pair.target.key;
  const from = pair.fields.find(({ target }) => target === column)?.expression.sql.trim() ?? "";
  const { source, twoWay } = stream;
  if (source.kind !== "object" || twoWay === undefined || !/^\w+$/.test(from)) return stream;
  return {
    ...stream,
    source: { ...source, fields: [...new Set([...source.fields, column])] },
    twoWay: { ...twoWay, link: { column, from } },
  };
}

/** Whether a field is mapped from a column, or from what lies behind it (`companies.name`). By the text: names in quotes too, and no calls. */
function reads({ expression, lookup }: MappedField, column: string): boolean {
  const wanted = column.toLowerCase();
  const texts = [expression, ...(lookup?.from ?? [])].map(({ sql }) => sql.replaceAll(/'(?:[^']|'')*'/g, "''"));
  return texts.some((text) =>
    [...text.matchAll(/"((?:[^"]|"")+)"|([A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)*)(?!\s*\(|[\w$.])/g)].some(
      ([, quoted, plain]) => {
        const name = (quoted ?? plain ?? "").toLowerCase();
        return name === wanted || name.startsWith(`${wanted}.`);
      },
    ),
  );
}
