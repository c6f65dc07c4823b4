// The names that objects go by. A vendor may take a name in any case; what is locked and remembered of an object goes by
// the one that the vendor itself gives it, or one object would have several locks and several memories.

import type { Target } from "../../contract/target.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { Job, Stream } from "../../job/job.ts";
import { nameParents } from "./parents.ts";

/** The job with its objects as their systems name them. An object that is not there keeps its name, to be told later. */
export async function nameObjects(job: Job, targets: ReadonlyMap<string, Target>): Promise<Job> {
  const streams = await Promise.all(job.streams.map((stream) => nameObjectsOf(stream, targets)));
  const named = { ...job, streams };
  return { ...named, streams: await Promise.all(streams.map((stream) => nameKey(named, stream, targets))) };
}

/** Where parents are a part of the key, results are matched by them: they need their names for as long as the run goes. */
async function nameKey(job: Job, stream: Stream, targets: ReadonlyMap<string, Target>): Promise<Stream> {
  const { key, object, connection } = stream.target;
  const target = targets.get(connection);
  if (target === undefined || !stream.fields.some((field) => field.parent && key.includes(field.target))) return stream;
  return orAsItIs(stream, async () => nameParents(job, stream, await target.describe(object)));
}

async function nameObjectsOf(stream: Stream, targets: ReadonlyMap<string, Target>): Promise<Stream> {
  const { source, target } = stream;
  const system = targets.get(target.connection);
  const known = await canonicalName(system, target.object);
  const isNew = target.createsTable === true && !(await (system?.tables?.isThere(known) ?? true));
  const object = isNew ? await orAsItIs(known, async () => (await system?.tables?.nameNew(known)) ?? known) : known;
  const isMatched = stream.madeFor !== undefined && !(await isKnownKey(system, object, target.key));
  const named = { ...stream, target: { ...target, object, ...(isMatched ? { isMatched: true as const } : {}) } };
  if (source.kind !== "object") return named;
  return {
    ...named,
    source: { ...source, object: await canonicalName(targets.get(source.connection), source.object) },
  };
}

/** Whether the system itself tells records apart by the key. */
function isKnownKey(system: Target | undefined, object: string, [key = "", ...others]: string[]): Promise<boolean> {
  return orAsItIs(false, async () => {
    if (others.length > 0 || system === undefined) return false;
    return (await system.describe(object)).fields.get(key)?.externalId === true;
  });
}

function canonicalName(system: Target | undefined, object: string): Promise<string> {
  return orAsItIs(object, async () => (await system?.canonicalName?.(object)) ?? object);
}

/** What is wrong with a job is told at its place, when the stream is compiled. */
async function orAsItIs<T>(written: T, name: () => Promise<T>): Promise<T> {
  try {
    return await name();
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCode.usage) return written;
    throw error;
  }
}
