// A run whose lineage is told: to a URL by POST, or as a line of a file. In: what the job says, the environment, the run's
// events. Out: an event as it begins, one as it ends. Must hold: it costs a bounded time, and changes nothing of the run.

import { appendFileSync } from "node:fs";
import { resolve } from "node:path";
import { registerSecret } from "../core/secret.ts";
import type { Connection, Environment, Job } from "../job/job.ts";
import { call } from "../notify/post.ts";
import { readAddress } from "../notify/receivers.ts";
import type { RunSummary } from "../report/summary.ts";
import type { Follower } from "./follower.ts";
import { Lineage } from "./lineage.ts";

const sendMsMax = 10_000;

interface LineageRequest {
  job: Pick<Job, "name" | "lineage">;
  connections: ReadonlyMap<string, Connection>;
  environment: Environment;
}

/** Undefined where nobody is to be told. Throws a Failure (2) where the address is none. */
export function followLineage({ job, connections, environment }: LineageRequest): Follower | undefined {
  if (job.lineage === undefined || job.lineage.isNobody(environment)) return undefined;
  const send = openReceiver(job.lineage, environment);
  const types = new Map([...connections.values()].map(({ name, type }) => [name, type]));
  const lineage = new Lineage({ namespace: environment["OPENLINEAGE_NAMESPACE"] || "loadline", job: job.name, types });
  let started: Promise<void> = Promise.resolve();
  return {
    name: "OpenLineage",
    consume(event) {
      const start = lineage.consume(event);
      if (start === undefined) return;
      started = send(start);
      // Told with the end.
      started.catch(() => undefined);
    },
    async tell(summary: RunSummary) {
      // The end is told also where the beginning could not be.
      const told = await Promise.allSettled([
        started.catch(() => undefined).then(() => send(lineage.end(summary))),
        started,
      ]);
      for (const one of told) if (one.status === "rejected") throw one.reason;
    },
  };
}

function openReceiver(
  reference: NonNullable<Job["lineage"]>,
  environment: Environment,
): (event: object) => Promise<void> {
  const text = reference.resolve(environment).reveal();
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const path = resolve(reference.folder, text);
    return async (event) => appendFileSync(path, `${JSON.stringify(event)}\n`, { mode: 0o600 });
  }
  const url = readAddress(reference, environment);
  if (url === undefined) throw new Error("an address that is there was taken for none");
  const key = environment["OPENLINEAGE_API_KEY"] ?? "";
  registerSecret(key);
  const headers = { "content-type": "application/json", ...(key === "" ? {} : { authorization: `Bearer ${key}` }) };
  return async (event) => {
    await call(url, { method: "POST", headers, body: JSON.stringify(event), environment, msMax: sendMsMax });
  };
}
