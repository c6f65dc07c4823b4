// What each kind of receiver is sent, whatever a message holds: within its limits, and nothing of it markup.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Failure, StoppedByGuard } from "../../src/core/errors.ts";
import { exitCode } from "../../src/core/exit-code.ts";
import { noCounts } from "../../src/core/model.ts";
import { redactSecrets } from "../../src/core/secret.ts";
import { CallFault } from "../../src/http/outcome.ts";
import { describeEnd, eventsOf, type Message } from "../../src/notify/message.ts";
import { hideAddress } from "../../src/notify/post.ts";
import { reasonOf } from "../../src/notify/reason.ts";
import { slackBody } from "../../src/notify/slack.ts";
import { teamsBody } from "../../src/notify/teams.ts";
import { textOf } from "../../src/notify/words.ts";
import type { RunSummary } from "../../src/report/summary.ts";

const summary: RunSummary = {
  run: "20261120-201455-contacts-7f3a",
  job: "contacts",
  status: "failed",
  streams: { contacts: { ...noCounts(), extracted: 20, watermark: null, rejectReasons: [] } },
  apiCalls: { salesforce: 1 },
  seconds: 1,
  exitCode: exitCode.failed,
  next: "loadline resume 20261120-201455-contacts-7f3a",
};

const orgs = new Map([["salesforce", "00D000000000001"]]);
const ending = { summary, error: undefined, isRecovery: false, orgs, folder: "/srv/feeds", isRehearsal: false };
const message = (error: string, streams = 1): Message => ({
  ...describeEnd(ending),
  error,
  streams: Object.fromEntries(
    Array.from({ length: streams }, (_, n) => [
      `stream${n}`,
      { ...noCounts(), extracted: n, watermark: null, rejectReasons: [] },
    ]),
  ),
});

interface SlackText {
  type: string;
  text: string;
}

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constantFrom(
    "<!channel> & <https://x.example|y>",
    "`*_~<@U1>",
    "<".repeat(5000),
    "\u{1f600}".repeat(9000),
    "a\nb".repeat(4000),
  ),
);

describe("whatever an error says", () => {
  test("Slack gets blocks within its limits, with no markup but ours", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 300 }), (error, streams) => {
        const { text, blocks } = JSON.parse(slackBody(message(error, streams))) as {
          text: string;
          blocks: { type: string; text: SlackText }[];
        };
        expect(blocks.length).toBeLessThanOrEqual(4);
        for (const { type, text: shown } of blocks) {
          expect(shown.text.length).toBeLessThanOrEqual(type === "header" ? 150 : 3000);
          if (shown.type !== "mrkdwn") continue;
          expect(shown.text).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/);
          // A block of code ends where ours ends.
          if (shown.text.startsWith("```")) expect(shown.text.slice(3, -3)).not.toContain("`");
        }
        expect(text).toBe("contacts: failed (exit code 1)");
      }),
    );
  });

  test("Teams gets one card of less than 28 KB, all of its text in runs, which are no Markdown", () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 0, max: 300 }), (error, streams) => {
        const body = teamsBody(message(error, streams));
        expect(Buffer.byteLength(body)).toBeLessThan(28 * 1000);
        const { type, attachments } = JSON.parse(body);
        expect(type).toBe("message");
        expect(attachments).toHaveLength(1);
        const [{ contentType, content }] = attachments;
        expect(contentType).toBe("application/vnd.microsoft.card.adaptive");
        expect(content).toMatchObject({ type: "AdaptiveCard", version: "1.4" });
        for (const block of content.body as { type: string; inlines: { type: string }[] }[]) {
          expect(block.type).toBe("RichTextBlock");
          expect(block.inlines.map((inline) => inline.type)).toEqual(["TextRun"]);
        }
      }),
    );
  });
});

test("a message in text has job, org, counts, why and what is next", () => {
  expect(textOf(message("it broke\nwhy: HTTP 500"))).toMatch(
    /^contacts: failed \(exit code 1\)\n\nit broke\nwhy: HTTP 500\n\nstream0: 0 extracted\n\nrun: 2026\S+\norg: 00D000000000001 \(salesforce\)\ntook: 1\.0 s, 1 API call to salesforce\non: .+, \/srv\/feeds\n\nnext: loadline resume 2026\S+\n$/,
  );
});

describe("why a run failed", () => {
  const fault = new CallFault("POST https://x/y: HTTP 400 private@x", {
    outcome: "refused",
    transient: false,
    status: 400,
  });
  const silent = new CallFault("GET https://x/Contact/Ext__c/private@x: reset", {
    outcome: "unknown",
    transient: true,
    cause: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }),
  });

  test.each([
    ["INVALID_FIELD: no such value private@x", fault, "why: INVALID_FIELD, HTTP 400"],
    ["invalid_grant: private@x", fault, "why: invalid_grant, HTTP 400"],
    ["private@x is wrong", fault, "why: HTTP 400"],
    [silent.message, silent, "why: no answer (ECONNRESET)"],
    ['Unexpected token in {"Email":"private@x"}', undefined, "why: Unexpected token in {…:…}"],
    ["the org's limit", undefined, "why: the org's limit"],
    ["INVALID_ARGUMENT: private@x", undefined, "why: INVALID_ARGUMENT"],
  ])("is told without what may be of a record: %s", (why, cause, told) => {
    const error = new Failure(exitCode.failed, "salesforce: the load failed", { why, next: "loadline resume", cause });
    expect(reasonOf(error)).toBe(`salesforce: the load failed\n${told}\nnext: loadline resume`);
  });

  test("of writes in doubt is not told in the words of the call", () => {
    const error = new Failure(exitCode.inDoubt, "2 rows may or may not have been written", {
      why: "HTTP 500 private@x",
    });
    expect(reasonOf(error)).toBe("2 rows may or may not have been written");
  });

  test("of a defect, or of the machine, is told without their own words", () => {
    expect(reasonOf(new Error("Could not convert 'private@x'"))).toBe(
      "internal error of loadline: what was printed tells more",
    );
    expect(reasonOf(new Error("ENOSPC: private@x"))).toMatch(/^the disk is full\nnext: free some space/);
  });
});

test("an example of a reject is in no message", () => {
  const counts = {
    ...noCounts(),
    watermark: null,
    rejectReasons: [{ field: "Email", rule: "email", count: 1, example: "private@x" }],
  };
  const told = describeEnd({ ...ending, summary: { ...summary, streams: { contacts: counts } } });
  expect(JSON.stringify(told)).not.toContain("private");
  expect(told.streams["contacts"]?.rejectReasons).toEqual([{ field: "Email", rule: "email", count: 1 }]);
});

test("a run is one end, whatever comes together", () => {
  const of = (code: RunSummary["exitCode"], status: RunSummary["status"], isRecovery = false, stops?: string[]) => {
    const error = stops === undefined ? undefined : new StoppedByGuard(stops, {});
    return eventsOf({ summary: { ...summary, exitCode: code, status }, error, isRecovery });
  };
  expect(of(exitCode.done, "loaded")).toEqual(["success"]);
  expect(of(exitCode.done, "stopped")).toEqual([]);
  expect(of(exitCode.rejected, "partial", true)).toEqual(["rejects", "recovered"]);
  expect(of(exitCode.guard, "stopped", false, ["a (rejects.max)"])).toEqual(["rejects"]);
  expect(of(exitCode.guard, "stopped", false, ["a (guards.deletes)", "a (rejects.max)"])).toEqual(["guard", "rejects"]);
  expect(of(exitCode.guard, "failed")).toEqual(["guard"]);
  for (const code of [1, 2, 5, 6, 7, 8, 75, 130, 143] as const) expect(of(code, "failed", true)).toEqual(["failure"]);
});

test("of an address nothing is shown that would let somebody else write to the channel; its host is", () => {
  const signature = "q7Vd0sZk3nXy8TgBf1LmWc5RpJh2EoUa";
  const path = "/workflows/0f1e2d3c4b5a69788796a5b4c3d2e1f0/triggers/manual/paths/invoke";
  const host = "prod-12.westeurope.logic.azure.com:443";
  hideAddress(`https://${host}${path}?api-version=2016-06-01&sig=${signature}`);
  expect(redactSecrets(`sig is ${signature}`)).toBe("sig is **secret**");
  expect(redactSecrets(`POST ${path}`)).not.toContain("0f1e2d3c4b5a");
  expect(redactSecrets(`teams at ${host}`)).toBe(`teams at ${host}`);
});
