// Telling people how a run ended. In: how it ended, the notices of its job, the variables. Out: what could not be told. Must
// hold: whatever a receiver does, it takes seconds and never changes how the run ended; a rehearsal reaches nobody outside
// of this machine.

import { Failure, type Place, pathInCommand } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Environment, Notice, NotifyEvent } from "../job/job.ts";
import { describeEnd, type Ending, eventsOf, testMessage } from "./message.ts";
import { openReceiver, type Receiver } from "./receivers.ts";

export interface Telling {
  notices: readonly Notice[];
  environment: Environment;
  /** The job's file, for what to run next. */
  file: string;
  /** How long each receiver may take, where that is less than usual: the program is about to be ended. */
  msMax?: number;
}

export interface Untold {
  /** Who was not told and why, a Failure each. */
  problems: Failure[];
  /** Those that a rehearsal leaves in peace. */
  spared: string[];
}

export async function tellEnd(ending: Ending, telling: Telling): Promise<Untold> {
  const { notices, environment, file, msMax = Number.POSITIVE_INFINITY } = telling;
  const events = eventsOf(ending);
  const wanted = notices.filter(({ when }) => events.some((event) => when.includes(event)));
  if (wanted.length === 0) return { problems: [], spared: [] };
  const message = describeEnd(ending);
  const tell = async (notice: Notice): Promise<{ problem?: Failure; spared?: string }> => {
    let receiver: Receiver | undefined;
    try {
      receiver = openReceiver(notice, environment);
      if (receiver === undefined) return {};
      if (ending.isRehearsal && !receiver.isLocal) return { spared: receiver.name };
      await receiver.send(message, msMax);
      return {};
    } catch (error) {
      // Who rehearses has not set everything.
      if (ending.isRehearsal && receiver === undefined) return { spared: notice.to.kind };
      return { problem: explainUntold(receiver?.name ?? notice.to.kind, notice.place, error, tryWith(file)) };
    }
  };
  const told = await Promise.all(wanted.map(tell));
  return {
    problems: told.flatMap(({ problem }) => problem ?? []),
    spared: told.flatMap(({ spared }) => spared ?? []),
  };
}

function tryWith(file: string): string {
  return `loadline notify test ${pathInCommand(file)}`;
}

/** Who was not told, where that is written, why, and what to do. */
export function explainUntold(name: string, place: Place, error: unknown, next: string): Failure {
  const isOurs = error instanceof Failure;
  const why = isOurs ? (error.why ?? error.message) : String(error);
  const where = isOurs ? (error.where ?? place) : place;
  const advice = isOurs ? (error.next ?? next) : next;
  return new Failure(exitCode.failed, `${name} was not told`, { where, why, next: advice, cause: error });
}

/** What a receiver said to a test message. */
export interface Tried {
  kind: Notice["to"]["kind"];
  /** As messages name it; null where its reference can't be resolved. */
  receiver: string | null;
  when: readonly NotifyEvent[];
  /** Null: there is nobody to tell. */
  ok: boolean | null;
  answer: string | null;
  problem: Failure | null;
}

/** One after the other, so that what arrives stands in the order of the job. */
export async function tryReceivers(job: string, folder: string, telling: Telling): Promise<Tried[]> {
  const { notices, environment, file } = telling;
  const message = testMessage(job, folder, `loadline run ${pathInCommand(file)}`);
  const tried: Tried[] = [];
  for (const notice of notices) {
    const { when, place, to } = notice;
    let receiver: Receiver | undefined;
    const told = { kind: to.kind, when, receiver: null, ok: null, answer: null, problem: null };
    try {
      receiver = openReceiver(notice, environment);
      const answer = (await receiver?.send(message, Number.POSITIVE_INFINITY)) ?? null;
      tried.push(receiver === undefined ? told : { ...told, receiver: receiver.name, ok: true, answer });
    } catch (error) {
      const problem = explainUntold(receiver?.name ?? to.kind, place, error, "correct it, and try again");
      tried.push({ ...told, receiver: receiver?.name ?? null, ok: false, problem });
    }
  }
  return tried;
}
