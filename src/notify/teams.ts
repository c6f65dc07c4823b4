// A message as the webhooks of Teams' Workflows take it: one Adaptive Card in the envelope of a message. What Office 365
// connectors took, a MessageCard, they don't.
// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
// A message has 28 KB at most, or the flow fails ("Request Entity too large"):
// https://learn.microsoft.com/connectors/teams/#known-issues-and-limitations-with-actions

import { countOf } from "../core/counted.ts";
import type { Message } from "./message.ts";
import { countLines, cutBytes, factsOf, reasonLines, titleOf } from "./words.ts";

/** Of text: JSON and the card around each line add to it. */
const textBytesMax = 12_000;
const lineBytesMax = 2000;

export function teamsBody(message: Message): string {
  const facts = factsOf(message).map(([name, value]) => `${name}: ${value}`);
  const next = message.next === null ? [] : [`next: ${message.next}`];
  const lines = keepBytes([...reasonLines(message), ...countLines(message), ...next, ...facts]);
  const card = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    fallbackText: cutBytes(titleOf(message), lineBytesMax),
    body: [
      paragraph(titleOf(message), { size: "Medium", weight: "Bolder" }),
      ...lines.map((line) => paragraph(line, {})),
    ],
    msteams: { width: "Full" },
  };
  return JSON.stringify({
    type: "message",
    attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content: card }],
  });
}

/** A TextBlock would read its text as Markdown, a TextRun shows it as it is. https://adaptivecards.io/explorer/TextRun.html */
function paragraph(text: string, look: object): object {
  return {
    type: "RichTextBlock",
    spacing: "Small",
    inlines: [{ type: "TextRun", text: cutBytes(text, lineBytesMax), ...look }],
  };
}

function keepBytes(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines) {
    bytes += Math.min(Buffer.byteLength(line), lineBytesMax) + 100;
    if (bytes > textBytesMax) return [...kept, `… and ${countOf(lines.length - kept.length, "more line")}`];
    kept.push(line);
  }
  return kept;
}
