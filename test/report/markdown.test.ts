// What is printed as Markdown is read here by cmark-gfm, the parser of GitHub.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { Failure } from "../../src/core/errors.ts";
import { exitCode } from "../../src/core/exit-code.ts";
import { registerSecret } from "../../src/core/secret.ts";
import { appendStepSummary, planMarkdown, summaryMarkdown } from "../../src/report/markdown.ts";
import { roomOfComment } from "../../src/report/markdown-room.ts";
import { codeOf, told } from "../../src/report/markdown-text.ts";
import type { PlanReport } from "../../src/report/plan.ts";
import { showValue } from "../../src/report/value-text.ts";
import { tellApart, visible } from "../../src/report/visible-text.ts";
import { createOf, deleteOf, planOf, streamOf, summaryOf, updateOf } from "./plans.ts";

const print = (plan: PlanReport) => planMarkdown(plan, roomOfComment);

/** As GitHub makes a page of it, up to where it looks for names and numbers in it. */
function renderMarkdown(markdown: string): string {
  const extensions = ["table", "strikethrough", "autolink", "tagfilter", "tasklist"].flatMap((name) => ["-e", name]);
  return execFileSync("cmark-gfm", [...extensions, "--unsafe"], { input: markdown, encoding: "utf8" });
}

const entities: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };

function textOf(html: string): string {
  return html.replaceAll(/<[^>]*>/g, "").replaceAll(/&\w+;/g, (entity) => entities[entity] ?? entity);
}

/** The cells of each row, as markup. */
function cellsOf(html: string): string[][] {
  const rows = html.match(/<tr>.*?<\/tr>/gs) ?? [];
  return rows.map((row) => Array.from(row.matchAll(/<t[dh][^>]*>(.*?)<\/t[dh]>/gs), ([, cell = ""]) => cell));
}

describe("a plan in Markdown", () => {
  test("is a heading, a table of counts, the first changes folded away, and the next command", () => {
    const changes = [
      createOf("V-1", { LastName: "Lovelace" }),
      updateOf("V-2", { Phone: ["1", "2"], Fax: [null, "3"] }),
      deleteOf("V-3", { LastName: "Old" }),
    ];
    const plan = planOf([streamOf({ extracted: 1402, creates: 1400, updates: 1, deletes: 1 }, changes)]);
    expect(print(plan)).toBe(`### Plan of contacts: 1,400 to create, 1 to update, 1 to delete

| stream | extracted | creates | updates | deletes |
| --- | --: | --: | --: | --: |
| contacts | 1,402 | 1,400 | 1 | 1 |

<details><summary><code>contacts</code>: 3 of 1,402 changes</summary>

|  | record | field | before | after |
| --- | --- | --- | --- | --- |
| \`+\` | \`V-1\` | LastName |  | \`Lovelace\` |
| \`~\` | \`V-2\` | Phone | \`1\` | \`2\` |
|  |  | Fax | — | \`3\` |
| \`-\` | \`V-3\` | LastName | \`Old\` |  |

</details>

Next: \`loadline run jobs/contacts.yaml\`
`);
  });

  test("that a guard would stop says why in place of a next command", () => {
    const text = print(planOf([streamOf({ extracted: 1, creates: 1 })], { objections: ["contacts: too_many <rows>"] }));
    expect(text).toContain(
      "**A run of this plan would stop before it writes anything:**\n\n- contacts: too\\_many \\<rows\\>\n",
    );
    expect(text).not.toContain("Next:");
  });

  test("hides what the job redacts, also as the key", () => {
    const changes = [updateOf("ada@x.example", { Email: ["ada@x.example", "b@x.example"] })];
    const text = print(planOf([streamOf({ updates: 1 }, changes, { redact: ["Email"], key: ["Email"] })]));
    expect(text).toContain("| `~` | `003A` | Email | ••• | ••• |");
    expect(text).not.toContain("x.example");
  });

  test("shows whatever a value, a key or a name of a field holds as what it is, and nothing of it is more than text", () => {
    const piece = fc.constantFrom(
      ..."|\\\n`<a\u2028&\r *_[]()!~$ #-".split(""),
      ...[
        "@team",
        "#12",
        "GH-12",
        "a/b#1",
        "www.x.example",
        "https://x.example",
        "a@x.example",
        ":+1:",
        "0123456789abcdef",
      ],
      ...["</details>", "<img src=x>", "<!--", "| a |", "``", "\\|", "$x$", "---", "- [ ] "],
    );
    const text = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(""));
    const changes = fc.sample(fc.tuple(text, text, text), { numRuns: 400, seed: 7 });
    const planned = changes.map(([key, field, value]) => updateOf(key, { [field]: [value, `${value}x`] }));
    const markdown = planMarkdown(planOf([streamOf({ updates: 400 }, planned)]), {
      max: 1e6,
      sizeOf: ({ length }) => length,
    });
    const html = renderMarkdown(markdown);
    const rows = cellsOf(html).filter(([sign]) => sign === "<code>~</code>");
    expect(rows).toHaveLength(400);
    const plain = (cell = "") => textOf(cell).replaceAll(/ +/g, " ").trim();
    for (const [index, [key, field, value]] of changes.entries()) {
      const [, record, name, before, after, ...more] = rows[index] ?? [];
      expect(more).toEqual([]);
      const shown = [key, visible(field), ...tellApart(showValue(value), showValue(`${value}x`))];
      shown[0] = showValue(key);
      expect([record, name, before, after].map(plain)).toEqual(shown.map((one) => one.replaceAll(/ +/g, " ").trim()));
      // Outside of code GitHub looks for names, numbers and addresses.
      for (const cell of [record, name, before, after]) {
        expect(cell?.replaceAll(/<code>.*?<\/code>/g, "")).not.toMatch(/<|@|#|GH-\d|www\.|:\/\/|0123456/);
      }
    }
    expect(html.match(/<\/?details>/g)).toEqual(["<details>", "</details>"]);
  });

  test("takes no more than a comment of GitHub has, whatever is long, and says how much is left out", () => {
    const long = "x".repeat(70_000);
    const names = Array.from({ length: 400 }, (_, index) => `stream_${index}`);
    const wide = "w".repeat(200);
    const changes = [long, ...Array(11).fill(wide)].map((value) => updateOf(value, { F: [value, `${value}y`] }));
    const streams = names.map((name, index) =>
      streamOf({ extracted: 16, updates: 16 }, index < 40 ? changes.slice(index === 0 ? 0 : 1) : [], {
        name,
        notes: [long, "short"],
      }),
    );
    const text = print(planOf(streams));
    expect(text.length).toBeLessThan(65_536);
    expect(text.length).toBeGreaterThan(50_000);
    expect(text).toMatch(
      /^[\d,]+ lines left out for want of room: `loadline show 20261120-201455-contacts-7f3a` has them$/m,
    );
    expect(text).toContain("| stream\\_399 | 16 | 16 |");
    expect(text.trimEnd()).toMatch(/Next: `loadline run jobs\/contacts\.yaml`$/);
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
  });

  test("a sentence keeps its words; what would call or link is code; what would be a list is none", () => {
    const text = "@ann broke #12 of a_b: see https://x.example 5 * 3 | 4";
    expect(textOf(renderMarkdown(told(text))).trim()).toBe(text);
    expect(told(text)).toBe("`@ann` broke `#12` of a\\_b: see `https://x.example` 5 \\* 3 \\| 4");
    for (const start of ["1. one", "12) two", "- three", "+ four", "===", "1.5 five"]) {
      expect(renderMarkdown(`- ${told(start)}`)).toBe(`<ul>\n<li>${start}</li>\n</ul>\n`);
    }
    expect([codeOf(""), codeOf("`"), codeOf("a``b"), codeOf(" ")]).toEqual(["", "`` ` ``", "```a``b```", "` `"]);
  });
});

describe("a summary in Markdown", () => {
  test("is a heading, counts, effort, rejects and the next command", () => {
    const summary = summaryOf({ contacts: { extracted: 1000, creates: 1000, loaded: 997, failed: 3 } });
    expect(
      summaryMarkdown({ summary, folder: "/state/runs/r", error: undefined }, roomOfComment),
    ).toBe(`### contacts: loaded

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
    const text = summaryMarkdown({ summary: summaryOf({}, { status: "failed" }), folder: "/x", error }, roomOfComment);
    expect(text).toContain("### contacts: failed\n\n    it | broke\n      why:  <b>\n\n42 s");
  });
});

describe("the summary of a step", () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-markdown-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is appended to, without credentials", () => {
    registerSecret("markdown-secret");
    const path = join(folder, "summary.md");
    appendStepSummary(path, () => "### one\n");
    appendStepSummary(path, () => "token markdown-secret\n");
    expect(readFileSync(path, "utf8")).toBe("### one\n\ntoken **secret**\n\n");
  });

  test("is not pushed over what GitHub takes, which would lose all of it", () => {
    const path = join(folder, "full.md");
    writeFileSync(path, "x".repeat(999_990));
    appendStepSummary(path, (room) => planMarkdown(planOf([]), room));
    expect(readFileSync(path, "utf8").slice(999_990)).toBe("The summary is left out: GitHub takes 1 MiB a step.\n");
  });
});
