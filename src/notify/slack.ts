// A message as Slack's incoming webhooks take it: blocks, and text for where these are not shown.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
// A header has 150 characters at most, the text of a section 3,000 (https://docs.slack.dev/reference/block-kit/blocks),
// all blocks together some 13,000 (measured by others: github.com/slackapi/bolt-js/issues/2509).

import type { Message } from "./message.ts";
import { countLines, factsOf, reasonLines, titleOf } from "./words.ts";

const headerMax = 150;
const sectionMax = 2900;

export function slackBody(message: Message): string {
  const title = titleOf(message);
  const reason = reasonLines(message);
  const counts = countLines(message);
  const facts = factsOf(message).map(([name, value]) => `*${name}* ${inlineCode(value)}`);
  const next = message.next === null ? [] : [`*next* ${inlineCode(message.next)}`];
  return JSON.stringify({
    text: escapeText(title, sectionMax),
    blocks: [
      { type: "header", text: { type: "plain_text", text: cut(title, headerMax), emoji: false } },
      ...(reason.length === 0 ? [] : [section(codeBlock(reason))]),
      ...(counts.length === 0 ? [] : [section(codeBlock(counts))]),
      section([...next, ...facts].join("\n")),
    ],
    unfurl_links: false,
    unfurl_media: false,
  });
}

function section(text: string): object {
  return { type: "section", text: { type: "mrkdwn", text } };
}

/** Nothing is markup in it but what would end it. */
function codeBlock(lines: readonly string[]): string {
  return `\`\`\`${escapeText(lines.join("\n"), sectionMax)}\`\`\``;
}

function inlineCode(text: string): string {
  return `\`${escapeText(text, 300)}\``;
}

/** `&`, `<` and `>` are control characters: <!channel> would call everybody. https://docs.slack.dev/messaging/formatting-message-text */
const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "'" };

/** At most so many characters once it is escaped, and no half escape. */
function escapeText(text: string, max: number): string {
  let escaped = "";
  for (const character of text) {
    const next = escapes[character] ?? character;
    if (escaped.length + next.length >= max) return `${escaped}…`;
    escaped += next;
  }
  return escaped;
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
