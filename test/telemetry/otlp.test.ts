// What a collector of OpenTelemetry gets of a run, over HTTP.

import { expect, test } from "vitest";
import { RunSpans, type Span } from "../../src/telemetry/spans.ts";
import { contactsJob, rehearse } from "../run/support.ts";
import { startReceiver } from "./receiver.ts";

const valuesOf = ({ attributes }: Pick<Span, "attributes">) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

const csv = "id,last,email\na,Alpha,ada@acme.test\nb,Beta,b@acme.test\n";

test("a run is a trace: the run, its streams, steps and batches, each in the one above it, without values", async () => {
  using collector = await startReceiver({ status: 200, body: '{"partialSuccess":{}}' });
  await using rehearsal = await rehearse(contactsJob(), { "inbox/contacts.csv": csv });
  const { project } = rehearsal;
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  project.env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
    OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=very%20secret",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=prod,service.name=other",
    OTEL_SERVICE_NAME: "etl",
    TRACEPARENT: `00-${traceId}-b7ad6b7169203331-01`,
  };
  const run = await project.run("run", "job.yaml", "--json", "--trace", "calls.jsonl");
  expect(run).toMatchObject({ code: 0, stderr: expect.not.stringContaining("warning") });
  expect(collector.received).toHaveLength(1);
  const [{ path, headers, text } = { path: "", headers: {}, text: "{}" }] = collector.received;
  expect([path, headers["content-type"], headers["x-api-key"]]).toEqual([
    "/v1/traces",
    "application/json",
    "very secret",
  ]);
  expect(text).not.toMatch(/ada|Alpha|very secret/);
  expect(project.read("calls.jsonl")).not.toContain("very secret");
  const [{ resource, scopeSpans }] = JSON.parse(text).resourceSpans;
  expect(valuesOf(resource)).toMatchObject({ "service.name": "etl", "deployment.environment.name": "prod" });
  const spans: Span[] = scopeSpans[0].spans;
  expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const above = (span: Span) => byId.get(span.parentSpanId ?? "")?.name ?? span.parentSpanId;
  expect(Object.fromEntries(spans.map((span) => [span.name, above(span)]))).toEqual({
    "run contacts": "b7ad6b7169203331",
    "stream contacts": "run contacts",
    extract: "stream contacts",
    stage: "stream contacts",
    diff: "stream contacts",
    load: "stream contacts",
    "batch 1": "load",
  });
  for (const span of spans) {
    expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    const outer = byId.get(span.parentSpanId ?? "");
    if (outer !== undefined) expect(BigInt(outer.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.endTimeUnixNano));
  }
  const told = Object.fromEntries(spans.map((span) => [span.name, valuesOf(span)]));
  expect(told["run contacts"]).toMatchObject({ "loadline.run": run.summary().run, "loadline.exit_code": "0" });
  expect(told["stream contacts"]).toMatchObject({
    "loadline.creates": "2",
    "loadline.loaded": "2",
    "loadline.in_doubt": "0",
  });
  expect(told["batch 1"]).toMatchObject({ "loadline.rows": "2" });
});

test("a collector that is down, refuses or is wanted in a way that there is not is told, in time, and changes nothing", async () => {
  using collector = await startReceiver({ status: 400, body: '{"message":"no key very-secret"}' });
  await using rehearsal = await rehearse(contactsJob(), { "inbox/contacts.csv": csv });
  const { project } = rehearsal;
  const plan = async (env: Record<string, string>) => {
    project.env = env;
    const planned = await project.run("plan", "job.yaml", "--quiet");
    expect(planned.code).toBe(0);
    return planned.stderr;
  };
  const refused = await plan({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.origin}/taken/as/is`,
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "authorization=very-secret",
  });
  expect(refused).toMatch(
    /^warning: OpenTelemetry: .*\/taken\/as\/is: the trace of this run was not taken\n {2}why: .*HTTP 400/,
  );
  expect(refused).not.toContain("very-secret");
  const down = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_EXPORTER_OTLP_TIMEOUT: "300" };
  expect(await plan(down)).toContain("was not taken");
  collector.answer.status = 200;
  collector.answer.body = '{"partialSuccess":{"rejectedSpans":"3"}}';
  expect(await plan({ OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.origin}/` })).toContain("the collector refused 3 of ");
  expect(collector.received.map(({ path }) => path)).toEqual(["/taken/as/is", "/v1/traces"]);
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin };
  expect(await plan({ ...on, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" })).toContain("grpc is not supported");
  const far = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.invalid:4318", OTEL_EXPORTER_OTLP_HEADERS: "a=b" };
  expect(await plan(far)).toContain("would go unencrypted");
  for (const off of [
    { OTEL_SDK_DISABLED: "true" },
    { TRACEPARENT: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00" },
  ])
    expect(await plan({ ...on, ...off })).toBe("");
  expect(collector.received).toHaveLength(2);
});

test("a run that stops in the middle ends all of its spans, with an error", () => {
  const spans = new RunSpans(undefined);
  spans.consume({ type: "run-started", run: "r", job: "j", command: "run", folder: "" });
  spans.consume({ type: "step-started", stream: "s", step: "load" });
  const batch = { type: "batch", stream: "s", number: 1, of: 1, rows: 2, handle: "750x", message: null } as const;
  spans.consume({ ...batch, state: "intent" });
  spans.consume({ ...batch, number: 2, state: "refused", message: "duplicate value found: ann@x.example" });
  spans.consume({ type: "retry", message: "ann@x.example is not accepted" });
  spans.consume({ type: "run-ended", run: "r", status: "stopped", exitCode: 75, seconds: 1, waitedSeconds: 0 });
  expect(spans.spans.map(({ name, status }) => [name, status.code])).toEqual([
    ["batch 2", 2],
    ["batch 1", 2],
    ["load", 2],
    ["stream s", 2],
    ["run j", 2],
  ]);
  // What a system says may repeat a record.
  expect(JSON.stringify(spans.spans)).toContain("retry");
  expect(JSON.stringify(spans.spans)).not.toContain("ann@");
});
