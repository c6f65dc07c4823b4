// A run that a collector is told of. In: the environment and the run's events. Out: its spans, once it has ended.

import type { Environment } from "../job/job.ts";
import type { Follower } from "./follower.ts";
import { readCollector, sendSpans } from "./otlp.ts";
import { RunSpans } from "./spans.ts";

/** Undefined where traces are not wanted. Throws a Failure (2) where they are wanted in a way that there is not. */
export function traceRun(environment: Environment): Follower | undefined {
  const collector = readCollector(environment);
  if (collector === undefined) return undefined;
  const spans = new RunSpans(collector.caller);
  return {
    name: "OpenTelemetry",
    consume: (event) => spans.consume(event),
    tell: () => sendSpans(collector, spans.spans),
  };
}
