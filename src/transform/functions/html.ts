// Text out of HTML.

import { trimmed } from "../../values/trim.ts";
import { type ComputedFunction, computed } from "../computed.ts";

const described = {
  name: "strip_html",
  signature: "strip_html(text)",
  does: "the text that a reader of the HTML sees: without tags, scripts and comments, with line breaks for blocks and `<br>`, `&amp;` and its like as their characters; blank is none",
  examples: [
    { call: "strip_html('<p>Hello <b>Ann</b> &amp; Bob</p>')", gives: "Hello Ann & Bob" },
    { call: "strip_html('a &lt; b')", gives: "a < b" },
    { call: "replace(strip_html('<p>one</p><p>two<br>three</p>'), chr(10), ' | ')", gives: "one | two | three" },
  ],
  load: async () => (await import("../compute/html.ts")).readHtml(),
};
const own = computed(described);

/** Most texts have neither a tag nor a written character. */
const isPlain = "NOT contains(CAST(text AS VARCHAR), '<') AND NOT contains(CAST(text AS VARCHAR), '&')";

export const htmlFunctions: readonly ComputedFunction[] = [
  {
    ...described,
    macro: (run, calls) => {
      const call = own.macro(run, calls).replace(/^\(text\) AS /, "");
      return `(text) AS nullif(CASE WHEN ${isPlain} THEN ${trimmed("CAST(text AS VARCHAR)")} ELSE ${call} END, '')`;
    },
  },
];
