// The frame of a page. In: a title, markup, assets. Out: a document that holds all that it needs. What must hold: it asks
// for nothing from anywhere, which its policy forbids too; of scripts and styles only our own are run, by their hashes.

import type { Assets } from "./assets.ts";
import { html, Markup } from "./markup.ts";

export interface PageFrame {
  title: string;
  assets: Assets;
}

/** Everything before the content. https://www.w3.org/TR/CSP3/#directives-fetch */
export function openDocument({ title, assets }: PageFrame): string {
  const policy = [
    "default-src 'none'",
    `script-src '${assets.scriptHash}'`,
    `style-src '${assets.styleHash}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${new Markup(assets.style)}</style>
</head>
<body>
`.text;
}

export function closeDocument({ assets }: PageFrame): string {
  return `<script>${assets.script}</script>
</body>
</html>
`;
}
