// The order of a job's streams by all that they refer to, once their systems are known: `parent` entries, and names such as
// `Account.Ext__c` whose records another stream makes. In: a job, open targets. Out: the same job in load order. What must
// hold: nothing but the order changes; what is wrong with a name is told at its place, when its stream is compiled.

import type { Target } from "../../contract/target.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { Job, Stream } from "../../job/job.ts";
import { streamsLookedUp } from "../../job/lookup.ts";
import { makesAndChanges } from "../../job/mode.ts";
import { sortByParents } from "../../job/order.ts";

export async function orderStreams(job: Job, targets: ReadonlyMap<string, Target>): Promise<Job> {
  const orgOf = ({ target }: Stream) => targets.get(target.connection)?.orgId ?? target.connection;
  const dependents = job.streams.map(async (stream) => {
    const links = await listLinks(stream, targets.get(stream.target.connection));
    const named = job.streams.filter(
      (other) => orgOf(other) === orgOf(stream) && links.some((link) => makesRecordsOf(other, link)),
    );
    const parents = [
      ...stream.fields.flatMap(({ parent }) => (parent === undefined ? [] : [parent.stream])),
      ...named.map(({ name }) => name),
      ...streamsLookedUp(stream),
    ];
    return { name: stream.name, parents, stream };
  });
  const order = sortByParents(await Promise.all(dependents));
  return { ...job, streams: order.map(({ stream }) => stream) };
}

type Link = NonNullable<FieldSchema["lookup"]>;

async function listLinks(stream: Stream, target: Target | undefined): Promise<Link[]> {
  const names = stream.fields.map((field) => field.target).filter((name) => name.includes("."));
  if (names.length === 0 || target === undefined) return [];
  const schema = await target.describe(stream.target.object).catch(() => undefined);
  if (schema === undefined) return [];
  const fields = await Promise.all(names.map((name) => target.resolveField(schema, name).catch(() => undefined)));
  return fields.flatMap((field) => field?.lookup ?? []);
}

/** Whether a stream may make the record that a link names, by the key that it is named by. */
function makesRecordsOf({ target: { mode, key, object } }: Stream, link: Link): boolean {
  const isMaker = makesAndChanges(mode);
  return isMaker && key.length === 1 && key[0] === link.key && object.toLowerCase() === link.object.toLowerCase();
}
