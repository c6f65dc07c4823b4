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
  // The same in CSV of encodings that can write it.
  for (const [encoding, write] of [
    ["utf-16le", (text: string) => Buffer.from(text, "utf16le")],
    [
      "utf-32le",
      (text: string) =>
        Buffer.concat([...text].map((one) => Buffer.from(Uint32Array.of(one.codePointAt(0) ?? 0).buffer))),
    ],
    ["cesu8", (text: string) => Buffer.concat(text.split("").map((unit) => encodeUnit(unit.charCodeAt(0))))],
  ] as const) {
    const csv = "id,name\n1,Ann \ud83d\n2,😀\n3,\ude00\n4,ü\n";
    project.write({
      "inbox/in.csv": write(csv),
      "job.yaml": fileJob("in.csv", { format: `{ encoding: ${encoding} }`, map }),
    });
    const run = await runFiles(project);
    expect([encoding, run.rows]).toEqual([
      encoding,
      [
        { id: "2", name: "😀" },
        { id: "4", name: "ü" },
      ],
    ]);
    expect(run.rejects.match(new RegExp(`not valid ${encoding}`, "g"))).toHaveLength(2);
  }
});

/** A unit of UTF-16 as CESU-8 has it: halves of pairs have three bytes each. */
function encodeUnit(unit: number): Buffer {
  if (unit < 0x80) return Buffer.from([unit]);
  if (unit < 0x800) return Buffer.from([0xc0 | (unit >> 6), 0x80 | (unit & 0x3f)]);
  return Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]);
}
