// The shape of a job file. In a stream every key is optional here, because `defaults` may supply it; what a stream
// lacks after merging is found in read-job.ts, as is every name that must exist elsewhere in the job.

import { z } from "zod";
import { dedupe } from "./dedupe-schema.ts";
import { guards } from "./guards-schema.ts";
import { mapping } from "./map-schema.ts";
import { notifyShape, pingShape } from "./notify-schema.ts";
import { rule } from "./rule-schema.ts";
import {
  atLeastOne,
  closedMap,
  duration,
  expression,
  name,
  percent,
  referencing,
  text,
  threshold,
  version,
} from "./schema-parts.ts";
import { source } from "./source-schema.ts";
import { target } from "./target-schema.ts";
import { jobTest } from "./test-schema.ts";
import { lockPattern } from "./units.ts";

/** A stream as it is written, and `defaults`, which have the same shape. */
export const streamShape = closedMap({
  source: source.describe("Where the rows come from.").optional(),
  target: target.describe("Where the records go.").optional(),
  map: z
    .record(text, z.union([expression, mapping], "expected an SQL expression, or a map with `from`"))
    .describe("Target field to SQL expression, or to a map with `from` or `lookup`.")
    .optional(),
  validate: z.array(rule).describe("Checks of the mapped rows.").optional(),
  dedupe: dedupe.describe("What to do with rows that share a key. Without it, all of them are rejected.").optional(),
  ownership: z
    .record(text, z.enum(["source", "target", "newest", "ask"]))
    .describe(
      "Of a job with a twin: who decides a target field that both sides changed since they last agreed: source, target, newest (whose change is newer), or ask, a person (loadline conflicts). Default: ask, or what the twin says of the field.",
    )
    .optional(),
  match: z
    .array(text)
    .min(1, "expected at least one name")
    .describe(
      "Of a job with a twin: a mapped field. Records that no run has paired yet and that agree in it are one, where there is one on each side.",
    )
    .optional(),
  deletes: z
    .enum(["carry", "ignore", "ask"])
    .describe("Of a job with a twin: what becomes of a record whose other one was deleted. Default: ignore.")
    .optional(),
  schema_policy: z
    .enum(["freeze", "warn", "evolve"])
    .describe(
      "Where source or target have not the columns and fields that the last run kept: freeze stops the run before anything is written, warn tells what changed, evolve takes the new shape as known and says so once. Default: warn.",
    )
    .optional(),
});

/** A job file as it is written. */
export const jobShape = closedMap({
  version,
  name: name.describe("Names the job's runs, lock and state."),
  defaults: streamShape.describe("Merged deeply into every stream: maps merge, scalars and lists replace.").optional(),
  streams: z
    .record(name, streamShape)
    .meta({ minProperties: 1 })
    .refine((streams) => Object.keys(streams).length > 0, "expected at least one stream")
    .describe("What to load, by name. A stream runs after the streams it names as `parent`."),
  twin: name
    .describe("The job beside this one that goes the other way: the two share what both sides last agreed on.")
    .optional(),
  rejects: closedMap({
    max: threshold
      .describe(
        "How many rows may stay away: rejected, refused or in conflict, a share of the rows taken or a number. More stop the run before it loads, or end it with exit code 3. Default: none for exit code 0; more than 5% rejected by validation stop it.",
      )
      .optional(),
  })
    .describe("How many rows may stay away.")
    .optional(),
  keep: closedMap({
    runs: duration.describe("Run folders are deleted after this time. Default: 14d.").optional(),
  })
    .describe("How long things are kept.")
    .optional(),
  timezone: text
    .describe("IANA time zone that reads values without a zone, and says which day an instant is. Default: UTC.")
    .optional(),
  on_ambiguous_time: z
    .enum(["reject", "earlier", "later"])
    .describe(
      "What becomes of a local time that the clocks of `timezone` skip or pass twice: the row is a reject, or the earlier or later instant is meant. Default: reject.",
    )
    .optional(),
  guards: guards.describe("Limits that stop a run before anything is written.").optional(),
  limits: closedMap({
    api_calls: atLeastOne.describe("API calls a run at most.").optional(),
    reserve: percent.describe("Share of the org's daily allowance that is left to others.").optional(),
    minutes: atLeastOne.describe("Minutes a run at most.").optional(),
  })
    .describe("Limits that stop a run cleanly, to be resumed.")
    .optional(),
  lock: z
    .string()
    .regex(lockPattern, "expected skip, fail or e.g. wait 10m")
    .describe("What a second run of the same job does: skip, fail, or e.g. wait 10m. Default: fail.")
    .optional(),
  notify: notifyShape.describe("Whom to tell how a run ended.").optional(),
  ping: pingShape.describe("A dead man's switch: URLs that are called as a run begins and ends.").optional(),
  report: z.boolean().describe("Whether each run writes report.html into its folder. Default: false.").optional(),
  lineage: referencing
    .describe("Each run tells its lineage there as events of OpenLineage: a URL, or a file, relative to the job file.")
    .optional(),
  metrics: text
    .regex(/\.prom$/, "the textfile collector reads files that end in .prom")
    .describe("Each run writes its Prometheus metrics there, for the textfile collector. Relative to the job file.")
    .optional(),
  redact: z.array(text).describe("Target fields whose values are never shown.").optional(),
  tests: z.array(jobTest).describe("Tests that `loadline test` runs offline.").optional(),
}).meta({
  title: "loadline job file",
  patternProperties: { "^x-": { description: "Free for anchors and notes; not read." } },
});

export type JobFile = z.infer<typeof jobShape>;
export type StreamFile = z.infer<typeof streamShape>;
