// Yes and no: the words of programs, of a language, or of one's own.

import { literal } from "../../core/sql.ts";
import { suggest } from "../../core/suggest.ts";
import { readBoolean } from "../../values/boolean.ts";
import { isBlank, trimmed } from "../../values/trim.ts";
import type { OwnFunction, Written } from "../own-function.ts";
import { asText, impossible, orError } from "./reading.ts";

export const booleanFunctions: readonly OwnFunction[] = [
  {
    name: "parse_bool",
    signature: "parse_bool(text [, words, others])",
    does: "true or false; blank is none. `words` is a language, or a list of your own words for true; then `others` are those for false, and without them nothing else is read",
    takes:
      "yes/no, y/n, true/false, t/f, 1/0, on/off in any case; with a language ('de') its words for yes and no, true and false, and true/false, 1/0; with lists their words alone, in any case",
    examples: [
      { call: "parse_bool('Yes')", gives: "true" },
      { call: "parse_bool('Nein', 'de')", gives: "false" },
      { call: "parse_bool('X', ['x', 'WAHR'], ['', 'FALSCH'])", gives: "true" },
      { call: "parse_bool('', ['x', 'WAHR'], ['', 'FALSCH'])", gives: "false" },
    ],
    complain: { words: complainAboutWords, others: complainAboutOthers },
    macro: () => `(value) AS ${orError(readBoolean(asText), "BOOLEAN")},
      (value, words VARCHAR) AS ${orError(readOfLanguage(), "BOOLEAN")},
      (value, words VARCHAR[]) AS ${readOfLists("[]::VARCHAR[]")},
      (value, words VARCHAR[], others VARCHAR[]) AS ${readOfLists("others")}`,
    question: () => `(value) AS ${isBlank(asText)} OR ${readBoolean(asText)} IS NOT NULL,
      (value, words VARCHAR) AS ${isBlank(asText)} OR ${readOfLanguage()} IS NOT NULL,
      (value, words VARCHAR[]) AS ${isBlank(asText)} OR ${isAmong("words")},
      (value, words VARCHAR[], others VARCHAR[]) AS ${isBlank(asText)} OR ${isAmong("words")} OR ${isAmong("others")}`,
  },
];

/** What people write for the two, and spreadsheets: true, false. No word stands on both sides of a language. */
const languages: Readonly<Record<string, readonly [yes: string, no: string]>> = {
  en: ["yes y on t", "no n off f"],
  de: ["ja j wahr w ein an", "nein n falsch f aus"],
  fr: ["oui o vrai v", "non n faux f"],
  es: ["sí si s verdadero v", "no n falso f"],
  it: ["sì si s vero v", "no n falso f"],
  pt: ["sim s verdadeiro v", "não nao n falso f"],
  nl: ["ja j waar w aan", "nee n onwaar uit"],
  pl: ["tak t prawda p", "nie n fałsz f"],
  cs: ["ano a pravda", "ne n nepravda"],
  sk: ["áno ano a pravda", "nie n nepravda"],
  sv: ["ja j sant", "nej n falskt"],
  da: ["ja j sand", "nej n falsk"],
  nb: ["ja j sann", "nei n usann"],
  no: ["ja j sann", "nei n usann"],
  fi: ["kyllä k tosi", "ei e epätosi"],
  hu: ["igen i igaz", "nem n hamis"],
  ro: ["da d adevărat", "nu n fals"],
  tr: ["evet e doğru", "hayır h yanlış"],
  ru: ["да д истина", "нет н ложь"],
  uk: ["так т істина", "ні н хибність"],
  ja: ["はい", "いいえ"],
  zh: ["是 真", "否 假"],
};

/** VARCHAR `true`, `false` or NULL. The language of a region is that of its beginning: de-AT. */
function readOfLanguage(): string {
  const word = small(trimmed(asText));
  const branches = Object.entries(languages).map(
    ([language, [yes, no]]) =>
      `WHEN ${literal(language)} THEN MAP {${[...entries(`true 1 ${yes}`, "true"), ...entries(`false 0 ${no}`, "false")].join(", ")}}`,
  );
  return `(CASE lower(split_part(replace(words, '_', '-'), '-', 1)) ${branches.join(" ")} END)[${word}]`;

  function entries(words: string, meaning: string): string[] {
    return words.split(" ").map((one) => `${literal(one.replaceAll("ı", "i"))}: '${meaning}'`);
  }
}

/** In small letters. Of `ı`, which Turkish has beside `i`, the engine makes I and does not make it again of that. */
function small(text: string): string {
  return `replace(lower(${text}), 'ı', 'i')`;
}

/** BOOLEAN: the text is a word of the list. */
function isAmong(list: string): string {
  return `list_contains(list_transform(${list}, lambda word: ${small("word")}), ${small(`coalesce(${trimmed(asText)}, '')`)})`;
}

/** A blank text is none, unless the lists have it. */
function readOfLists(others: string): string {
  return `CASE WHEN value IS NULL THEN NULL WHEN ${isAmong("words")} THEN true WHEN ${isAmong(others)} THEN false
    WHEN NOT (${isBlank(asText)}) THEN CAST(${impossible(asText)} AS BOOLEAN) END`;
}

function complainAboutWords(written: Written, call: readonly Written[]): string | undefined {
  if (written.kind === "list") return complainAboutOthers(written, call);
  if (written.kind !== "text") return "it wants a language, 'de' say, or a list of words for true";
  const language = written.text.replace("_", "-").split("-")[0]?.toLowerCase() ?? "";
  if (languages[language] !== undefined) return undefined;
  const meant = suggest(language, Object.keys(languages));
  return `the words of "${written.text}" are not known${meant === undefined ? "" : `; did you mean ${meant}?`}; a list of words does as well: ['x']`;
}

function complainAboutOthers(written: Written, call: readonly Written[]): string | undefined {
  const texts = textsOf(written);
  if (texts === undefined) return "it wants a list of words, ['FALSCH', ''] say";
  // As the run compares them.
  const folded = (word: string) => word.replaceAll(/[ıİ]/g, "i").toLowerCase();
  const words = new Set(call[1] === written ? [] : textsOf(call[1])?.map(folded));
  const both = texts.find((word) => words.has(folded(word)));
  return both === undefined ? undefined : `"${both}" stands in both lists`;
}

function textsOf(written: Written | undefined): string[] | undefined {
  if (written?.kind !== "list") return undefined;
  const texts = written.items.flatMap((item) => (item.kind === "text" ? [item.text] : []));
  return texts.length === written.items.length ? texts : undefined;
}
