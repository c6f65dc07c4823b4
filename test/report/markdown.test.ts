import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Failure } from "../../src/core/errors.ts";
import { exitCode } from "../../src/core/exit-code.ts";
import { registerSecret } from "../../src/core/secret.ts";
import { appendStepSummary, planMarkdown, summaryMarkdown } from "../../src/report/markdown.ts";
import { createOf, deleteOf, planOf, streamOf, summaryOf, updateOf } from "./plans.ts";

describe("a plan in Markdown", () => {
  test("is a heading, a table of counts, the first changes folded away, and the next command", () => {
    const changes = [
      createOf("V-1", { LastName: "Lovelace" }),
      updateOf("V-2", { Phone: ["1", "2"], Fax: [null, "3"] }),
      deleteOf("V-3", { LastName: "Old" }),
    ];
    const plan = planOf([streamOf({ extracted: 1402, creates: 1400, updates: 1, deletes: 1 }, changes)]);
    expect(planMarkdown(plan)).toBe(`### Plan of contacts: 1,400 to create, 1 to update, 1 to delete

| stream | extracted | creates | updates | deletes |
| --- | --: | --: | --: | --: |
| contacts | 1,402 | 1,400 | 1 | 1 |

<details><summary>contacts: 3 of 1,402 changes</summary>

|  | record | field | before | after |
| --- | --- | --- | --- | --- |
| \`+\` | V-1 | LastName |  | Lovelace |
| \`~\` | V-2 | Phone | 1 | 2 |
|  |  | Fax | — | 3 |
| \`-\` | V-3 | LastName | Old |  |

</details>

Next: \`loadline run jobs/contacts.yaml\`
`);
  });

  test("that a guard would stop says why in place of a next command", () => {
    const text = planMarkdown(
      planOf([streamOf({ extracted: 1, creates: 1 })], { objections: ["contacts: too_many <rows>"] }),
    );
    expect(text).toContain(
      "**A run of this plan would stop before it writes anything:**\n\n- contacts: too\\_many \\<rows\\>\n",
    );
    expect(text).not.toContain("Next:");
  });

  test("hides what the job redacts, also as the key", () => {
    const changes = [updateOf("ada@x.example", { Email: ["ada@x.example", "b@x.example"] })];
    const text = planMarkdown(planOf([streamOf({ updates: 1 }, changes, { redact: ["Email"], key: ["Email"] })]));
    expect(text).toContain("| `~` | 003A | Email | ••• | ••• |");
    expect(text).not.toContain("x.example");
  });

  test("shows a hostile value as text", () => {
    const value = "a | b\n| c |<img src=x>`code`**bold**[link](http://x)\u001b[31m\\";
    const text = planMarkdown(planOf([streamOf({ updates: 1 }, [updateOf("K", { F: [null, value] })])]));
    expect(text).toContain(
      "| `~` | K | F | — | a \\| b↵\\| c \\|\\<img src=x\\>\\`code\\`\\*\\*bold\\*\\*\\[link\\](http://x)␛\\[31m\\\\ |\n",
    );
  });

  test("has five cells in every row of changes, whatever the values hold", () => {
    const text = fc.string({ unit: fc.constantFrom("|", "\\", "\n", "`", "<", "a", "\u2028", "&", "\r") });
    fc.assert(
      fc.property(text, text, text, (key, field, value) => {
        const change = updateOf(key, { [field]: [value, `${value}x`] });
        const rows = planMarkdown(planOf([streamOf({ updates: 1 }, [change])]))
          .split("\n")
          .filter((line) => line.startsWith("| `~`"));
        expect(rows).toHaveLength(1);
        // A pipe parts cells unless an odd number of backslashes stands before it.
        const pipes = rows[0]?.matchAll(/(\\*)\|/g) ?? [];
        expect([...pipes].filter(([, slashes = ""]) => slashes.length % 2 === 0)).toHaveLength(6);
      }),
    );
  });
});

describe("a summary in Markdown", () => {
  test("is a heading, counts, effort, rejects and the next command", () => {
    const summary = summaryOf({ contacts: { extracted: 1000, creates: 1000, loaded: 997, failed: 3 } });
    expect(summaryMarkdown({ summary, folder: "/state/runs/r", error: undefined })).toBe(`### contacts: loaded

| stream | extracted | creates | loaded | failed |
| --- | --: | --: | --: | --: |
| contacts | 1,000 | 1,000 | 997 | 3 |

42 s, 17 API calls to salesforce, run \`20261120-201455-contacts-7f3a\`

Rejects: \`/state/runs/r/rejects/contacts.csv\`

Next: \`loadline show 20261120-201455-contacts-7f3a\`
`);
  });

  test("of a failed run holds the failure as it is", () => {
    const error = new Failure(exitCode.failed, "it | broke", { why: "<b>" });
    const text = summaryMarkdown({ summary: summaryOf({}, { status: "failed" }), folder: "/x", error });
    expect(text).toContain("### contacts: failed\n\n    it | broke\n      why:  <b>\n\n42 s");
  });
});

describe("the summary of a step", () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-markdown-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is appended to, without credentials", () => {
    registerSecret("markdown-secret");
    const path = join(folder, "summary.md");
    appendStepSummary(path, "### one\n");
    appendStepSummary(path, "token markdown-secret\n");
    expect(readFileSync(path, "utf8")).toBe("### one\n\ntoken **secret**\n\n");
  });

  test("is not pushed over what GitHub takes, which would lose all of it", () => {
    const path = join(folder, "full.md");
    writeFileSync(path, "x".repeat(999_990));
    appendStepSummary(path, "### more than ten bytes\n");
    expect(readFileSync(path, "utf8").slice(999_990)).toBe("The summary is left out: GitHub takes 1 MiB a step.\n");
  });
});
