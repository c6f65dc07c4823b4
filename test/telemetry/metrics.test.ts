// A file for node_exporter's textfile collector: Prometheus' own promtool takes it, jobs that share it keep their series.

import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { renderMetrics } from "../../src/telemetry/metrics.ts";
import { contactsJob, rehearse } from "../run/support.ts";

const csv = "id,last,email\na,Alpha,a@acme.test\nb,,b@acme.test\n";
const rule = "    validate: [{ field: LastName, required: true }]";

function promtool(text: string): { status: number | null; said: string } {
  const { status, stdout, stderr, error } = spawnSync("promtool", ["check", "metrics"], { input: text });
  if (error !== undefined) throw new Error("promtool is not there: apt-get install prometheus", { cause: error });
  return { status, said: `${stdout}${stderr}` };
}

function readValue(text: string, series: string): number | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

test("--metrics and `metrics` write a file that promtool accepts, with the series of each job, failed runs and successes", async () => {
  const job = contactsJob({ stream: rule, top: "metrics: told/x.prom" });
  await using rehearsal = await rehearse(job, {
    "inbox/contacts.csv": csv,
    "told/keep": "",
    "second.yaml": contactsJob({ stream: rule, top: "guards: { creates: 0, source_rows_min: 9 }" }).replace(
      "name: contacts",
      "name: second",
    ),
  });
  const { project } = rehearsal;
  const planned = await project.run("plan", "job.yaml");
  expect([planned.code, project.list("told")]).toEqual([0, ["keep"]]);
  const loaded = await project.run("run", "job.yaml");
  expect(loaded).toMatchObject({ code: 0 });
  const first = project.read("told/x.prom");
  const stopped = await project.run("run", "second.yaml", "--metrics", "told/x.prom");
  expect(stopped.code).toBe(4);
  const text = project.read("told/x.prom");
  expect(promtool(text)).toEqual({ status: 0, said: "" });
  expect(project.list("told")).toEqual([".x.prom.lock", "keep", "x.prom"]);
  expect(statSync(project.path("told/x.prom")).mode & 0o777).toBe(0o644);
  for (const line of first.trimEnd().split("\n")) expect(text.split("\n")).toContain(line);
  const outcomes = [
    ...text.matchAll(/planned_rows\{job_name="contacts",stream="contacts",outcome="(\w+)"\} ([1-9]\d*)/g),
  ];
  expect(outcomes.map(([, outcome, count]) => [outcome, count])).toEqual([
    ["create", "1"],
    ["rejected", "1"],
  ]);
  expect(readValue(text, 'loadline_last_run_extracted_rows{job_name="contacts",stream="contacts"}')).toBe(2);
  expect(readValue(text, 'loadline_last_run_sent_rows{job_name="contacts",stream="contacts",result="loaded"}')).toBe(1);
  expect(readValue(text, 'loadline_last_run_exit_code{job_name="second"}')).toBe(4);
  expect(readValue(text, 'loadline_last_success_timestamp_seconds{job_name="contacts"}')).toBeGreaterThan(1.7e9);
  expect(readValue(text, 'loadline_last_success_timestamp_seconds{job_name="second"}')).toBeUndefined();
});

test("what is no file of loadline's metrics is refused or left alone, and changes no exit code", async () => {
  await using rehearsal = await rehearse(contactsJob(), {
    "inbox/contacts.csv": "id,last,email\n",
    "others.prom": "# TYPE up gauge\nup 1\n",
    "badly.yaml": contactsJob({ top: "metrics: told.txt" }),
  });
  const { project } = rehearsal;
  const other = await project.run("run", "job.yaml", "--metrics", "others.prom");
  expect(other.code).toBe(0);
  expect(other.stderr).toContain("warning: metrics: ");
  expect(other.stderr).toContain("has metrics that loadline has not written");
  expect(project.read("others.prom")).toBe("# TYPE up gauge\nup 1\n");
  const text = await project.run("run", "job.yaml", "--metrics", "told.txt");
  expect([text.code, text.stderr]).toEqual([2, expect.stringContaining("files that end in .prom")]);
  const badly = await project.run("run", "badly.yaml");
  expect([badly.code, badly.stderr]).toEqual([2, expect.stringContaining("badly.yaml:13:10")]);
  const dry = await project.run("run", "job.yaml", "--dry-run", "--metrics", "x.prom");
  expect([dry.code, dry.stderr]).toEqual([2, "a dry run has no --metrics\n"]);
});

const summary = {
  run: "r",
  job: "contacts",
  status: "failed",
  streams: {},
  apiCalls: {},
  seconds: 1,
  exitCode: 1,
  next: "",
} as const;

test("a run that fails keeps the time of the last success and the watermarks; names are escaped as Prometheus wants", () => {
  const at = new Date(1_800_000_000_000);
  const odd = { ...summary, exitCode: 0, apiCalls: { 'a"b\\c\nd': 3 } } as const;
  const first = renderMetrics("", odd, at) ?? "";
  expect(promtool(first)).toEqual({ status: 0, said: "" });
  const newer = `${first}# TYPE loadline_of_tomorrow gauge\nloadline_of_tomorrow{job_name="x"} 1\n`;
  const failed = renderMetrics(newer, summary, new Date(1_800_000_100_000)) ?? "";
  expect(readValue(failed, 'loadline_last_success_timestamp_seconds{job_name="contacts"}')).toBe(1_800_000_000);
  expect(readValue(failed, 'loadline_last_run_timestamp_seconds{job_name="contacts"}')).toBe(1_800_000_100);
  expect(failed).toContain('loadline_of_tomorrow{job_name="x"} 1');
  expect(failed).not.toContain("api_calls");
  // A name that begins with another's is another job.
  const longer = renderMetrics(failed, { ...summary, job: "contacts-2" }, at) ?? "";
  expect(readValue(longer, 'loadline_last_run_timestamp_seconds{job_name="contacts"}')).toBe(1_800_000_100);
});
