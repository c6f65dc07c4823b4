// A run as spans of OpenTelemetry: the run, its streams, their steps, and batches. In: the run's events, as they happen.
// Out: spans in the JSON form of OTLP (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Must hold: every
// span ends, and within the one above it; attributes are names, counts and ids, never a value of a record.

import { now } from "../core/clock.ts";
import { randomId } from "../core/random.ts";
import type { RunEvent } from "../report/events.ts";

/** Of the span that asked for the run, by W3C's trace context. */
export interface Caller {
  traceId: string;
  spanId: string;
}

interface Attribute {
  key: string;
  value: { stringValue: string } | { intValue: string };
}

/** As OTLP writes it. */
export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: 1;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  events: { timeUnixNano: string; name: string; attributes: Attribute[] }[];
  /** 1 is fine, 2 an error. */
  status: { code?: 1 | 2; message?: string };
}

type Values = Record<string, string | number | null | undefined>;

const endStates = ["settled", "refused", "in-doubt"];

export class RunSpans {
  readonly #traceId: string;
  readonly #caller: Caller | undefined;
  readonly #done: Span[] = [];
  #run: Span | undefined;
  readonly #streams = new Map<string, Span>();
  readonly #steps = new Map<string, Span>();
  readonly #batches = new Map<string, Span>();

  constructor(caller: Caller | undefined) {
    this.#caller = caller;
    this.#traceId = caller?.traceId ?? randomId(16);
  }

  /** All that have ended. */
  get spans(): readonly Span[] {
    return this.#done;
  }

  consume(event: RunEvent): void {
    switch (event.type) {
      case "run-started": {
        const { run, job, command } = event;
        this.#run = this.#begin(`${command} ${job}`, this.#caller?.spanId, { run, job, command });
        return;
      }
      case "step-started":
        this.#beginStep(event.stream, event.step);
        return;
      case "progress":
        // The snapshot is read within the diff.
        return;
      case "planned":
        this.#endStep(event.stream);
        set(this.#stream(event.stream), { ...event.counts, batches: event.batches, how: event.how });
        return;
      case "batch":
        this.#noteBatch(event);
        return;
      case "stream-settled":
        this.#endStep(event.stream);
        set(this.#stream(event.stream), { ...event.counts });
        this.#end(this.#streams, event.stream, { code: 1 });
        return;
      case "run-ended":
        this.#endRun(event);
        return;
      default:
        this.#noteOnRun(event);
    }
  }

  #noteBatch({ stream, number, state, rows, handle }: Extract<RunEvent, { type: "batch" }>): void {
    const key = `${stream} ${number}`;
    const above = this.#steps.get(stream) ?? this.#stream(stream);
    const span =
      this.#batches.get(key) ?? this.#begin(`batch ${number}`, above.spanId, { stream, batch: number, rows });
    this.#batches.set(key, span);
    set(span, { handle });
    span.events.push({ timeUnixNano: nanos(), name: state, attributes: [] });
    if (endStates.includes(state))
      this.#end(this.#batches, key, state === "settled" ? { code: 1 } : { code: 2, message: state });
  }

  #noteOnRun(event: Exclude<RunEvent, { type: "progress" }>): void {
    const { type, ...told } = event;
    // A message may be in a system's own words, which may repeat a record: it stays on this machine.
    const texts = Object.entries({ ...told, message: undefined }).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    );
    this.#run?.events.push({ timeUnixNano: nanos(), name: type, attributes: attributesOf(Object.fromEntries(texts)) });
  }

  #endRun({ status, exitCode, waitedSeconds }: Extract<RunEvent, { type: "run-ended" }>): void {
    const ending =
      exitCode === 0 ? { code: 1 as const } : { code: 2 as const, message: `${status}, exit code ${exitCode}` };
    for (const open of [this.#batches, this.#steps, this.#streams])
      for (const key of [...open.keys()]) this.#end(open, key, ending);
    if (this.#run === undefined) return;
    set(this.#run, { status, exit_code: exitCode, waited_ms: Math.round(waitedSeconds * 1000) });
    close(this.#run, ending);
    this.#done.push(this.#run);
  }

  #stream(name: string): Span {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const span = this.#begin(`stream ${name}`, this.#run?.spanId, { stream: name });
    this.#streams.set(name, span);
    return span;
  }

  #beginStep(stream: string, step: string): void {
    this.#endStep(stream);
    this.#steps.set(stream, this.#begin(step, this.#stream(stream).spanId, { stream, step }));
  }

  /** What is sent goes on below its step: such a step ends behind it. */
  #endStep(stream: string): void {
    for (const key of [...this.#batches.keys()]) if (key.startsWith(`${stream} `)) this.#end(this.#batches, key, {});
    this.#end(this.#steps, stream, { code: 1 });
  }

  #begin(name: string, parentSpanId: string | undefined, values: Values): Span {
    const span: Span = {
      traceId: this.#traceId,
      spanId: randomId(8),
      ...(parentSpanId === undefined ? {} : { parentSpanId }),
      name,
      kind: 1,
      startTimeUnixNano: nanos(),
      endTimeUnixNano: "0",
      attributes: [],
      events: [],
      status: {},
    };
    set(span, values);
    return span;
  }

  #end(open: Map<string, Span>, key: string, status: Span["status"]): void {
    const span = open.get(key);
    if (span === undefined) return;
    close(span, status);
    open.delete(key);
    this.#done.push(span);
  }
}

function close(span: Span, status: Span["status"]): void {
  span.endTimeUnixNano = nanos();
  span.status = status;
}

/** Later values take the place of earlier ones. */
function set(span: Span, values: Values): void {
  const fresh = attributesOf(values);
  span.attributes = [...span.attributes.filter(({ key }) => !fresh.some((one) => one.key === key)), ...fresh];
}

export function attributesOf(values: Values, prefix = "loadline."): Attribute[] {
  return Object.entries(values).flatMap(([name, value]): Attribute[] => {
    const key = `${prefix}${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    if (typeof value === "number") return [{ key, value: { intValue: String(Math.round(value)) } }];
    return typeof value === "string" ? [{ key, value: { stringValue: value } }] : [];
  });
}

function nanos(): string {
  return `${now().getTime()}000000`;
}
