// HTML as the text that a reader sees.

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Rig } from "../../stage/rig.ts";
import { computeOver, oddTexts } from "./computing.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

const texts: Record<string, string | null> = {
  "plain\n  text": "plain\n  text",
  "<p>one\n two</p>\n<p>three</p>": "one two\nthree",
  "<div>a<br>b<br/></div><div>c</div>": "a\nb\nc",
  "<p>a</p><p><br></p><p>b</p>": "a\n\nb",
  "<ul><li>a</li><li>b</li></ul>c": "a\nb\nc",
  "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>": "a b\nc",
  "a<script>alert('<b>')</script><style>p{}</style><!-- no <b> -->b": "ab",
  "<a title=\"1 > 0\" href='x'>link</a>": "link",
  "<o:p>word</o:p> <custom-tag/>x": "word x",
  "a < b and c > d": "a < b and c > d",
  "Ann <ann@x.com>": "Ann <ann@x.com>",
  "<https://x.com>": "<https://x.com>",
  "<<b>b>c": "c",
  '<p class=">c': "c",
  "&lt;b&gt; &amp;amp; &#8364; &#x20AC; &#150; &euro; &notin; &nosuch; AT&T": "<b> &amp; € € – € ∉ &nosuch; AT&T",
  "&#0;&#xD800;&#9999999;": "\ufffd\ufffd\ufffd",
  "a&nbsp;b": "a\u00a0b",
  "a<script>b": "a",
  "a<style>p{}</style": "a",
  "a<!-- b": "a",
  "<p> </p>": null,
  "<p>&nbsp;</p>": null,
  " ": null,
};

test("strip_html", async () => {
  expect(Object.fromEntries(await computeOver(rig, "strip_html(x)", Object.keys(texts)))).toEqual(texts);
});

test("no tag is left, and what is no HTML stays", async () => {
  const piece = fc.constantFrom(
    "<",
    ">",
    "</",
    "<b>",
    "<p class='",
    '"',
    "<br",
    "/>",
    "a",
    " ",
    "<!--",
    "-->",
    "<script>",
    "b ",
  );
  const drawn = fc.sample(
    fc.array(piece, { maxLength: 12 }).map((parts) => parts.join("")),
    { numRuns: 400, seed: 20261126 },
  );
  for (const value of (await computeOver(rig, "strip_html(x)", drawn)).values()) {
    expect(String(value)).not.toMatch(/<\/?[a-z]+(?=[\s/>])[^<>]*>/i);
  }
  const plain = oddTexts.filter((text) => !/[<&]/.test(text));
  expect(await computeOver(rig, "strip_html(x)", plain)).toEqual(await computeOver(rig, "nullif(trim(x), '')", plain));
  const long = `<div>${"<p>x &amp; y</p>".repeat(10_000)}</div>`;
  expect(await computeOver(rig, "length(strip_html(x))", [long])).toEqual(new Map([[long, String(10_000 * 6 - 1)]]));
});
