// Traces to a collector, by OTLP over HTTP and the standard variables
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). In: the environment, and spans. Out: one request. Must
// hold: headers are secrets; a collector that is down or slow costs a bounded time, is told, and changes nothing of a run.

import { Failure, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { isLoopback } from "../core/loopback.ts";
import { redactSecrets, registerSecret } from "../core/secret.ts";
import { HttpClient, readText } from "../http/client.ts";
import { CallFault } from "../http/outcome.ts";
import { withRetries } from "../http/retry.ts";
import type { Environment } from "../job/job.ts";
import { version } from "../version.ts";
import { attributesOf, type Caller, type Span } from "./spans.ts";

export interface Collector {
  url: URL;
  headers: Record<string, string>;
  timeoutMs: number;
  /** Attributes of the resource. */
  resource: Record<string, string>;
  caller: Caller | undefined;
  /** Where proxies are named. */
  environment: Environment;
}

const timeoutMsUsual = 10_000;
/** A run never waits longer for its collector. */
const timeoutMsMax = 60_000;

/** Undefined where traces are not wanted. Throws a Failure (2) where they are wanted in a way that there is not. */
export function readCollector(environment: Environment): Collector | undefined {
  const read = (name: string) => (environment[name] ?? "").trim();
  const base = read("OTEL_EXPORTER_OTLP_ENDPOINT");
  const own = read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  const endpoint = own !== "" ? own : base === "" ? "" : `${base.replace(/\/+$/, "")}/v1/traces`;
  const caller = readCaller(read("TRACEPARENT"));
  const isOff =
    read("OTEL_SDK_DISABLED").toLowerCase() === "true" ||
    read("OTEL_TRACES_EXPORTER") === "none" ||
    /always_off$/.test(read("OTEL_TRACES_SAMPLER")) ||
    caller === "not sampled";
  if (endpoint === "" || isOff) return undefined;
  const protocol = read("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") || read("OTEL_EXPORTER_OTLP_PROTOCOL");
  if (protocol === "grpc") {
    throw usageFailure("OTEL_EXPORTER_OTLP_PROTOCOL: grpc is not supported", {
      next: "set it to http/json, and the endpoint to that of OTLP over HTTP (usually port 4318)",
    });
  }
  const headers = {
    ...readPairs(read("OTEL_EXPORTER_OTLP_HEADERS")),
    ...readPairs(read("OTEL_EXPORTER_OTLP_TRACES_HEADERS")),
  };
  for (const value of Object.values(headers)) registerSecret(value);
  const given = Number(
    read("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT") || read("OTEL_EXPORTER_OTLP_TIMEOUT") || timeoutMsUsual,
  );
  const attributes = readPairs(read("OTEL_RESOURCE_ATTRIBUTES"));
  return {
    url: readUrl(endpoint, headers),
    headers,
    environment,
    timeoutMs: given > 0 ? Math.min(given, timeoutMsMax) : timeoutMsUsual,
    resource: {
      "service.version": version,
      ...attributes,
      "service.name": read("OTEL_SERVICE_NAME") || attributes["service.name"] || "loadline",
    },
    caller,
  };
}

function readUrl(endpoint: string, headers: object): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw usageFailure("OTEL_EXPORTER_OTLP_ENDPOINT is no URL");
  if (url.password !== "") registerSecret(url.password);
  if (url.protocol === "http:" && !isLoopback(url.hostname) && Object.keys(headers).length > 0) {
    throw usageFailure("OTEL_EXPORTER_OTLP_HEADERS would go unencrypted: the endpoint is http", {
      next: "use https, or a collector on this machine that adds the headers",
    });
  }
  return url;
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; what is none is as if it were not there. */
function readCaller(text: string): Caller | "not sampled" | undefined {
  const [, traceId, spanId, flags] = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return (Number.parseInt(flags ?? "0", 16) & 1) === 1 ? { traceId, spanId } : "not sampled";
}

/** `name=value,name=value`, percent-encoded. */
function readPairs(text: string): Record<string, string> {
  const pairs = text.split(",").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at <= 0 ? [] : [[decode(pair.slice(0, at)), decode(pair.slice(at + 1))]];
  });
  return Object.fromEntries(pairs);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return text.trim();
  }
}

/** Throws a Failure that says why, once the time is over. */
export async function sendSpans(collector: Collector, spans: readonly Span[]): Promise<void> {
  const { url, timeoutMs, resource } = collector;
  const scopeSpans = [{ scope: { name: "loadline", version }, spans }];
  const resourceSpans = [{ resource: { attributes: attributesOf(resource, "") }, scopeSpans }];
  const body = redactSecrets(JSON.stringify({ resourceSpans }));
  const client = new HttpClient(() => true, { environment: collector.environment });
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = { ...collector.headers, "content-type": "application/json" };
  const where = `${url.origin}${url.pathname}`;
  try {
    const answer = await withRetries(
      async () => readText(await client.send({ method: "POST", url: url.href, headers, body, signal }), where),
      { idempotent: true, signal },
    );
    const lost = /"rejectedSpans":\s*"?([1-9]\d*)/.exec(answer)?.[1];
    if (lost !== undefined)
      throw new Failure(exitCode.failed, `the collector refused ${lost} of ${spans.length} spans`);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const why = signal.aborted ? `no answer within ${timeoutMs / 1000} s` : explainFault(error);
    throw new Failure(exitCode.failed, "the trace of this run was not taken", { where: { remote: where }, why });
  } finally {
    client.close();
  }
}

function explainFault(error: unknown): string {
  return error instanceof CallFault || error instanceof Error ? error.message : String(error);
}
