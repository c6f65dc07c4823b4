import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { fileJob, fileProject, runFiles } from "./files-job.ts";

const map = { id: "id", name: "name" };
const objects = [
  '{"id":"1","name":"Ann \\ud83d"}',
  '{"id":"2","name":"\\ude00"}',
  '{"id":"3","name":{"x":["\\uD83D"]}}',
  '{"id":"4","\\ud83d":"x"}',
  '{"id":"5","name":"a\\u0000b"}',
  '{"id":"6","name":"\\ud83d\\ude00 \\\\ud83d"}',
  '{"id":12345678901234567890,"name":1.10}',
  '{"id":"8","name":null}',
  '{"id":"9","name":""}',
];

caseOf("files/half-an-emoji-in-json", "half a character is refused, never replaced", async () => {
  await using project = fileProject({});
  for (const [type, text] of [
    ["json", `[\n${objects.join(",\n")}\n]\n`],
    ["jsonl", `\n${objects.join("\n")}\n`],
  ] as const) {
    project.write({ "inbox/in.json": text, "job.yaml": fileJob("in.json", { format: `{ type: ${type} }`, map }) });
    const run = await runFiles(project);
    expect(run.counts).toMatchObject({ extracted: 9, rejected: 5 });
    expect(run.rows).toEqual([
      { id: "6", name: "😀 \\ud83d" },
      { id: "12345678901234567890", name: "1.10" },
      { id: "8", name: null },
      { id: "9", name: "" },
    ]);
    const reasons = run.rejects.split("\n").filter((line) => line.includes("lone surrogate"));
    expect(reasons).toHaveLength(4);
    expect(run.rejects).toContain('half a character (a lone surrogate) in ""name""');
    expect(run.rejects).toContain('the character NUL (U+0000) in ""name""');
    expect(run.rejects).not.toContain("\ufffd");
  }
});
