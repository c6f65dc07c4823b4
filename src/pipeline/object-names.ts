// The names that objects go by. A vendor may take a name in any case; what is locked and remembered of an object goes by
// the one that the vendor itself gives it, or one object would have several locks and several memories.

import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Job, Stream } from "../job/job.ts";
import type { Target } from "../load/target.ts";

/** The job with its objects as their systems name them. An object that is not there keeps its name, to be told later. */
export async function nameObjects(job: Job, targets: ReadonlyMap<string, Target>): Promise<Job> {
  return { ...job, streams: await Promise.all(job.streams.map((stream) => nameObjectsOf(stream, targets))) };
}

export async function nameObjectsOf(stream: Stream, targets: ReadonlyMap<string, Target>): Promise<Stream> {
  const { source, target } = stream;
  const object = await canonicalName(targets.get(target.connection), target.object);
  const named = { ...stream, target: { ...target, object } };
  if (source.kind !== "object") return named;
  return {
    ...named,
    source: { ...source, object: await canonicalName(targets.get(source.connection), source.object) },
  };
}

async function canonicalName(system: Target | undefined, object: string): Promise<string> {
  try {
    return (await system?.canonicalName?.(object)) ?? object;
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCode.usage) return object;
    throw error;
  }
}
