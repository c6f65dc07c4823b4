// A dead man's switch: a service that is called as a run begins and ends, and raises the alarm when no call comes. In: the
// URLs of a job, how its run ended. Out: what could not be told. Must hold: it never holds a run up, nor changes its end.
// Any service that takes GET and POST will do; the body of a failure is what healthchecks.io shows as its log
// (https://healthchecks.io/docs/http_api/, of which it keeps 100 kB, and older ones of one's own 10 kB).

import type { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { isLoopback } from "../core/loopback.ts";
import type { Environment, Ping } from "../job/job.ts";
import { describeEnd, type Ending } from "./message.ts";
import { explainUntold } from "./notify.ts";
import { call } from "./post.ts";
import { readAddress } from "./receivers.ts";
import { cutBytes, textOf } from "./words.ts";

const pingMsMax = 5000;
const bodyBytesMax = 10_000;

export interface Pinging {
  ping: Ping;
  environment: Environment;
  file: string;
  isRehearsal: boolean;
  msMax?: number;
}

export function pingStart(pinging: Pinging): Promise<Failure | undefined> {
  return send("start", undefined, pinging);
}

export function pingEnd(ending: Ending, pinging: Pinging): Promise<Failure | undefined> {
  const isGood = ending.summary.exitCode === exitCode.done;
  return isGood ? send("success", undefined, pinging) : send("failure", textOf(describeEnd(ending)), pinging);
}

/** It is not in what `notify test` tries: a call would count as a run. */
function adviceOn(file: string): string {
  return `correct ping in ${file}, or what it leads to`;
}

async function send(which: keyof Ping, text: string | undefined, pinging: Pinging): Promise<Failure | undefined> {
  const { ping, environment, file, isRehearsal, msMax = pingMsMax } = pinging;
  const reference = ping[which];
  if (reference === undefined) return undefined;
  let name = `ping.${which}`;
  try {
    const url = readAddress(reference, environment);
    if (url === undefined || (isRehearsal && !isLoopback(url.hostname))) return undefined;
    name = `${name} at ${url.host}`;
    const request =
      text === undefined
        ? ({ method: "GET" } as const)
        : {
            method: "POST" as const,
            headers: { "content-type": "text/plain; charset=utf-8" },
            body: cutBytes(text, bodyBytesMax),
          };
    await call(url, { ...request, environment, msMax: Math.min(msMax, pingMsMax) });
    return undefined;
  } catch (error) {
    return isRehearsal && !name.includes(" at ")
      ? undefined
      : explainUntold(name, reference.place, error, adviceOn(file));
  }
}
