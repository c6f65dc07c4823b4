// What is told of a run: its job, orgs, counts, why it ended so and what is next. In: a run's summary and what went wrong.
// Out: plain data that every receiver gets in its own form. Must hold: no value of a record is in it, and no credential.

import { hostname } from "node:os";
import { now } from "../core/clock.ts";
import { StoppedByGuard } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { noCounts, type StreamCounts } from "../core/model.ts";
import { withGivenFlags } from "../core/next-command.ts";
import { redactSecrets } from "../core/secret.ts";
import type { NotifyEvent } from "../job/job.ts";
import type { RejectReason } from "../report/reject-reasons.ts";
import type { RunSummary, StreamSummary } from "../report/summary.ts";
import { reasonOf } from "./reason.ts";

/** The end of a run, or of a job that could not begin. */
export interface Ending {
  summary: RunSummary;
  /** What went wrong; undefined if nothing did. */
  error: unknown;
  /** Whether it went on with an earlier run. */
  isRecovery: boolean;
  /** By connection. */
  orgs: ReadonlyMap<string, string>;
  /** Of the project. */
  folder: string;
  isRehearsal: boolean;
}

export interface Message {
  /** The weightiest first. */
  events: readonly (NotifyEvent | "test")[];
  job: string;
  /** Null where it could not begin. */
  run: string | null;
  status: RunSummary["status"] | "test";
  exitCode: number;
  /** By connection: the org or portal that it answered with. */
  orgs: Record<string, string>;
  streams: Record<string, ToldStream>;
  apiCalls: Record<string, number>;
  seconds: number;
  /** What guards and limits object to. */
  stops: readonly string[];
  error: string | null;
  next: string | null;
  /** The machine, and the project on it: where `next` is to be typed. */
  host: string;
  folder: string;
  /** ISO 8601, UTC. */
  at: string;
  /** It ran against the local sandbox. */
  sandbox: boolean;
}

/** The counts of a stream and its watermark; of its rejects by what and how many, never which value. */
type ToldStream = StreamCounts & Pick<StreamSummary, "watermark"> & { rejectReasons: Omit<RejectReason, "example">[] };

/** What a run's end is to those who listen, the weightiest first; none where another run has the lock and that is fine. */
export function eventsOf({ summary, error, isRecovery }: Pick<Ending, "summary" | "error" | "isRecovery">) {
  const recovered: NotifyEvent[] =
    isRecovery && (summary.status === "loaded" || summary.status === "partial") ? ["recovered"] : [];
  return [...ownEventsOf(summary, error), ...recovered];
}

function ownEventsOf({ exitCode: code, status }: RunSummary, error: unknown): NotifyEvent[] {
  if (code === exitCode.done) return status === "loaded" ? ["success"] : [];
  if (code === exitCode.rejected) return ["rejects"];
  if (code === exitCode.changes) return ["drift"];
  if (code !== exitCode.guard) return ["failure"];
  // A stop names the key of the job that objects, at its end.
  const stops = error instanceof StoppedByGuard ? error.stops : [];
  const ofRejects = stops.filter((stop) => stop.endsWith("(rejects.max)"));
  const guard: NotifyEvent[] = ofRejects.length < stops.length || stops.length === 0 ? ["guard"] : [];
  return ofRejects.length === 0 ? guard : [...guard, "rejects"];
}

export function describeEnd(ending: Ending): Message {
  const { summary, error, orgs, folder, isRehearsal } = ending;
  const { run, job, status, streams, apiCalls, seconds, stops = [], next } = summary;
  return {
    events: eventsOf(ending),
    job,
    run,
    status,
    exitCode: summary.exitCode,
    orgs: Object.fromEntries(orgs),
    streams: Object.fromEntries(Object.entries(streams).map(([name, counts]) => [name, withoutValues(counts)])),
    apiCalls,
    seconds,
    stops: stops.map(redactSecrets),
    error: error === undefined ? null : reasonOf(error),
    next: redactSecrets(withGivenFlags(next)),
    host: hostname(),
    folder,
    at: now().toISOString(),
    sandbox: isRehearsal,
  };
}

/** Reasons of rejects come with an example, which is a record's. */
function withoutValues({ watermark, rejectReasons, ...counted }: StreamSummary): ToldStream {
  const counts = noCounts();
  for (const name of Object.keys(counts) as (keyof StreamCounts)[]) counts[name] = counted[name];
  const reasons = rejectReasons.map(({ field, rule, count }) => ({ field, rule, count }));
  return { ...counts, watermark, rejectReasons: reasons };
}

export function testMessage(job: string, folder: string, next: string): Message {
  return {
    events: ["test"],
    job,
    run: null,
    status: "test",
    exitCode: exitCode.done,
    orgs: {},
    streams: {},
    apiCalls: {},
    seconds: 0,
    stops: [],
    error: null,
    next,
    host: hostname(),
    folder,
    at: now().toISOString(),
    sandbox: false,
  };
}
