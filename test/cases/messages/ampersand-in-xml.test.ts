import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { fileJob, fileProject, runFiles } from "../files/files-job.ts";

const feed = (...names: string[]) =>
  `<feed>\n${names.map((name) => `<c><name>${name}</name></c>\n`).join("")}</feed>\n`;

caseOf("messages/ampersand-in-xml", "the message names the line of the ampersand", async () => {
  await using project = fileProject({
    "job.yaml": fileJob("in.xml", { format: "{ type: xml, records: /feed/c }", map: { name: "name" } }),
  });
  for (const [names, line, message, next] of [
    [["Ann", "B & C"], 3, "an & stands for itself", "&amp;"],
    [["A &amp; B <!-- & --><![CDATA[ & ]]>", "x", "B&C; D"], 4, "the entity &C; is not known", "its number"],
    [["Ann&nbsp;Lee"], 2, "the entity &nbsp; is not known", "&#160;"],
    [["x", 'y<i a="1&2"/>'], 3, "an & stands for itself", "&amp;"],
    [[`${"long ".repeat(300_000)}`, "T&T"], 3, "an & stands for itself", "&amp;"],
  ] as const) {
    project.write({ "inbox/in.xml": feed(...names) });
    const run = await runFiles(project);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`in.xml:${line}`);
    expect(run.stderr).toContain(message);
    expect(run.stderr).toContain(next);
  }
  // What is wrong in another way is told as before.
  project.write({ "inbox/in.xml": feed("A &amp; B &#38; &#x26; <![CDATA[a & b]]>", "<b>x") });
  const other = await runFiles(project);
  expect(other.stderr).toContain("the file is not well-formed XML");
  expect(other.stderr).not.toContain("an & stands for itself");
});
