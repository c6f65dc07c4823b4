// Names of people: their capitals, and their parts. What must hold: a letter is never lost or changed but for its case, and
// what is no name of one person has no parts.

import { literal } from "../../core/sql.ts";
import { foldMarkedSql } from "../../values/fold.ts";
import { lettersAbroad } from "../../values/letters.ts";
import { isBlank, separatingClass, trimmed } from "../../values/trim.ts";
import { bind } from "../../values/value.ts";
import type { OwnFunction, Written } from "../own-function.ts";
import { asText, impossible } from "./reading.ts";

const parts = ["prefix", "first", "middle", "last", "suffix"] as const;

export const nameFunctions: readonly OwnFunction[] = [
  {
    name: "proper",
    signature: "proper(text)",
    does: "a name with its capitals: McDonald, O'Neil, Anna-Maria, Ludwig van Beethoven; acronyms that are in capitals (BMW, USA, III) and names that have capitals inside (DeVito) stay as they are; blank is none",
    examples: [
      { call: "proper('ANNA-MARIA O''NEIL')", gives: "Anna-Maria O'Neil" },
      { call: "proper('ronald mcdonald III')", gives: "Ronald McDonald III" },
      { call: "proper('jan VAN DER berg')", gives: "Jan van der Berg" },
      { call: "proper('BMW deutschland')", gives: "BMW Deutschland" },
    ],
    macro: () => `(value) AS ${capitalise()}`,
  },
  {
    name: "split_name",
    signature: "split_name(text [, part])",
    does: "the parts of a person's name: `split_name(x).last` or `split_name(x, 'last')`; also `first`, `middle`, `prefix` (Dr.) and `suffix` (Jr.). The last word is the last name, with what belongs to it (van der Berg); `Lee, Ann` is read as well; a single word is a last name; blank is none",
    takes:
      "the name of one person, without digits, emojis, @, & and the like; an abbreviation in front is a title that is known (Dr. med., Prof., Sr.) or an initial; not a name that may be two people (Ana y Juan Pérez)",
    examples: [
      { call: "split_name('Dr. Ann Marie Lee Jr.').first", gives: "Ann" },
      { call: "split_name('Ludwig van Beethoven').last", gives: "van Beethoven" },
      { call: "split_name('Lee, Ann M.', 'middle')", gives: "M." },
      { call: "split_name('Dr. Ann Lee, PhD', 'suffix')", gives: "PhD" },
    ],
    complain: { part: complainAboutPart },
    macro: () => `(value) AS ${splitName()}, (value, part) AS struct_extract(${splitName()}, part)`,
    question: () => `(value) AS ${askName()}, (value, part) AS ${askName()}`,
  },
];

/** Small inside a name, capital as its first word or its last. */
const particles =
  "van|von|vom|der|den|des|het|te|ter|ten|tot|de|del|della|dello|delle|degli|dei|di|da|das|do|dos|du|la|le|las|los|el|al|bin|ibn|bint|zu|zum|zur|af|av|y|e|et|und|of|and";
/** In capitals these are no names. Others of three letters or more are known by having no vowel: BMW, HSBC. */
const acronyms =
  "II|III|IV|VI|VII|VIII|IX|AG|SE|SA|UG|KG|OHG|EV|IBM|SAP|USA|UK|EU|UN|UAE|NATO|NASA|UNICEF|IT|HR|PR|VP|CEO|CFO|CTO|COO|AOL|EY|AI|TV|NV|BV|AB|OY|LLC|LLP|PLC|KGAA|ING|UBS|ABB|AXA|BASF|IKEA|HP|GE|3M|DZ|FC|MD|MBA";
const noVowels = "[BCDFGHJKLMNPQRSTVWXZ]{3,6}";
/** AT&T and R&D; and numbers behind a name, which nobody is called: John Smith iii. */
const alwaysCapital = "[A-Z]{1,2}&[A-Z]|(?i:ii|iii|iv|vii|viii)";
/** Words that are all capitals. */
const keptCapital = `${acronyms}|${noVowels}|${alwaysCapital}`;

/** Stands before a letter that becomes a capital; and before a word that is all capitals. Neither is in a text. */
const up = "\\x{fdd1}";
const allUp = "\\x{fdd2}";
const [mark, wholeMark, smallMark] = ["\ufdd1", "\ufdd2", "\ufdd3"];

/**
 * Marks where a capital is to stand, makes all letters small, and the marked ones capital: so no regular expression is
 * computed word by word.
 */
function capitalise(): string {
  const inWord = `A-Za-z0-9${lettersAbroad}''’${allUp}`;
  const letter = `[A-Za-z${lettersAbroad}]`;
  const edge = `[^${inWord}${up}]`;
  const isAcronym = `(^|${edge})(${keptCapital})($|${edge})`;
  // What stands between two of them belongs to the first; so it is looked for twice. MRS is no acronym.
  const keepAcronyms = (sql: string) => `regexp_replace(${sql}, '${isAcronym}', '\\1${wholeMark}\\2${mark}\\3', 'g')`;
  const noMrs = `replace(${keepAcronyms(keepAcronyms(trimmed(asText)))}, '${wholeMark}MRS', 'MRS')`;
  const keepInner = (sql: string) =>
    `regexp_replace(${sql}, '(^|[^${inWord}])([A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]+)([A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ])', '\\1\\2${mark}\\3', 'g')`;
  const small = foldMarkedSql(asText, keepInner(keepInner(noMrs)));
  const begun = `regexp_replace(${small}, '(^|${edge})(${letter})', '\\1${mark}\\2', 'g')`;
  const scottish = `regexp_replace(${begun}, '${up}mc(m[abd-z]|[a-ln-z${lettersAbroad}]${letter})', '${mark}mc${mark}\\1', 'g')`;
  const irish = `regexp_replace(${scottish}, '${up}(${letter}[''’])(${letter}{2})', '${mark}\\1${mark}\\2', 'g')`;
  const inside = (sql: string) => `regexp_replace(${sql}, ' ${up}(${particles}) ', ' \\1 ', 'g')`;
  const first = `regexp_replace(${inside(inside(irish))}, '^${up}((?:${particles}) (?:${particles}) )', '${smallMark}\\1')`;
  const greek = `regexp_replace(${first}, 'σ($|[^${inWord}])', 'ς\\1', 'g')`;
  const pieces = `regexp_replace(${greek}, '${allUp}', '${mark}${wholeMark}', 'g')`;
  const cased = `CASE WHEN starts_with(piece, '${wholeMark}') THEN upper(substr(piece, 2))
    WHEN starts_with(piece, '${smallMark}') THEN substr(piece, 2)
    ELSE upper(left(piece, 1)) || substr(piece, 2) END`;
  // What else stands before the first mark is no letter.
  const joined = `array_to_string(list_transform(string_split(${pieces}, '${mark}'), lambda piece: ${cased}), '')`;
  const isSimple = `regexp_full_match(${asText}, '[A-LN-Z][a-z]+(?: [A-LN-Z][a-z]+)?')`;
  return `CASE WHEN ${isSimple} THEN ${asText} WHEN ${isOneCase()} THEN ${capitaliseTwo()} ELSE nullif(${joined}, '') END`;
}

/** BOOLEAN: one word or two, all small or all capitals, in which none of the rules of capitals finds anything. */
function isOneCase(): string {
  const words = (first: string, more: string) => `${first}${more}+(?: ${first}${more}+)?`;
  const forms = `${words("[a-ln-z]", "[a-z]")}|${words("[A-LN-Z]", "[A-Z]")}`;
  const acronym = `(?:^| )(?:${keptCapital})(?: |$)`;
  return `(regexp_full_match(${asText}, '${forms}') AND NOT regexp_matches(${asText}, '${acronym}'))`;
}

function capitaliseTwo(): string {
  const word = (place: number) => `split_part(${asText}, ' ', ${place})`;
  const cased = (text: string) => `upper(left(${text}, 1)) || lower(substr(${text}, 2))`;
  return `${cased(word(1))} || CASE WHEN contains(${asText}, ' ') THEN ' ' || ${cased(word(2))} ELSE '' END`;
}

/** Letters of all scripts, apostrophes, hyphens, points, ª and º; of format characters those that join letters. */
const word = `[A-Za-z${lettersAbroad}''’‘ʼ\`´.‐‑·\\x{aa}\\x{ba}\\x{200c}\\x{200d}-]+`;
const titles = [
  "mr|mrs|ms|mx|miss|mister|sir|dr|prof|professor|rev|herr|herrn|frau|mme|mlle|sra|srta|señor|señora|dott|monsieur|madame|mademoiselle",
  "dra|dott[.]?ssa|dipl[.]?(?:-[a-z]+)?|ing[.]|mag[.]|mgr[.]|bc[.]|hr[.]|fr[.]|sr[.]|hon[.]|capt[.]|col[.]|gen[.]|lt[.]|maj[.]|sgt[.]",
  "m[uv]dr|judr|phdr|rndr|paeddr|lord|lady|dame|freiherr|freifrau",
  // What stands behind Dr.: Dr. med., Dr. rer. nat., Dr. h. c.
  "med[.](?: dent[.]| vet[.])?|rer[.] ?(?:nat|pol|soc)[.]|phil[.]|jur[.]|iur[.]|h[.] ?c[.]|mult[.]|habil[.]|techn[.]|oec[.]",
].join("|");
const suffixes = "jr|sr|jun|sen|junior|ii|iii|iv|phd|ph[.] ?d|md|m[.]d|dds|dvm|esq|mba|cpa|jd|obe|mbe|cbe";
const belonging = [
  "van|von|vom|der|den|des|het|te|ter|ten|de|del|della|dello|degli|dei|di|da|das|do|dos|du|la|le|las|los|el|al|bin|ibn|bint|zu|zum|zur|af|av|st[.]?|ste[.]?|saint|san|santa|abu",
  "von und zu|(?:in |op |van )?[''’]t|(?:an|auf|aus|in|unter) (?:der|dem|den)",
].join("|");
/** A name of two words: Ortega y Gasset. In capitals it may be an initial: Mary Ann E Lee. */
const joining = "(?-i:y|e|i)";

/** A name as it is said, or the last name first and a comma. Lazy where words may belong to what follows. */
const nameGrammar = (() => {
  const titled = `((?:(?:${titles})[.]? )+)`;
  const prefix = `${titled}?`;
  const last = `((?:(?:${belonging}) )*${word}(?: ${joining} ${word})?)`;
  const alone = `((?:(?:${belonging}) (?:${belonging}) (?:(?:${belonging}) )*)?${word})`;
  const middle = `(?: (${word}(?: ${word})*?))??`;
  const suffix = `((?:(?:,? |,)(?:${suffixes})[.]?)+)?`;
  const said = `^${prefix}(?:${alone}|(${word})${middle} ${last})${suffix}$`;
  const behind = `(?: ((?-i:${belonging})(?: (?-i:${belonging}))*))?`;
  // Herr von Goethe has no first name: small letters there begin none.
  const addressed = `^${titled}((?:(?-i:${belonging}) )+${word})${suffix}$`;
  return `(?i)${addressed}|${said}|^${prefix}(${word}(?: ${word})*?)${suffix}, ?${prefix}(${word})${middle}${behind}${suffix}$`;
})();
const groups = "p0 l0 s0 p1 alone f1 m1 l1 s1 p2 l2 s2 p3 f2 m2 b2 s3".split(" ");
/**
 * Two people, or what may be two: Ana y Juan Pérez, Anna u. Bob. A name that begins with a joined one (Ortega y Gasset) may
 * be either, and so may a Y among capitals.
 */
const several = ["(?i: (?:and|und|et|or|oder|ou|u[.]) )", `^[^ ]+ ${joining} `, "^[^ ]+ [^ ].* Y [A-ZÀ-ÖØ-Þ]{2}"].join(
  "|",
);
/** A title or an addition alone; digits of any script; nothing that is a letter. */
const noName = `(?i)^(?:${titles}|${suffixes})[.]?$|\\p{Nd}|^\\PL+$`;

/** `otherwise`: of a text that is no name, from a group that then is empty. */
function findName(otherwise: (group: string) => string): string {
  const text = `regexp_replace(${trimmed(asText)}, '[${separatingClass}]+', ' ', 'g')`;
  const one = `CASE WHEN regexp_matches(replace(${text}, ' von und zu ', ' '), '${several}') OR regexp_matches(${text}, '${noName}')
    THEN '' ELSE ${text} END`;
  const extracted = `regexp_extract(${one}, '${nameGrammar}', [${groups.map(literal).join(", ")}])`;
  return bind("name", extracted, (name) => {
    const part = (...from: string[]) =>
      `nullif(system.main.trim(concat(${from.map((group) => `${name}.${group}`).join(", ")}), ', '), '')`;
    // Berg, Jan van der
    const last = `CASE WHEN ${name}.b2 <> '' THEN ${name}.b2 || ' ' || ${name}.l2 ELSE ${part("l0", "alone", "l1", "l2")} END`;
    const found = `struct_pack(prefix := ${part("p0", "p1", "p2", "p3")}, first := ${part("f1", "f2")}, middle := ${part("m1", "m2")},
      last := ${last}, suffix := ${part("s0", "s1", "s2", "s3")})`;
    // An abbreviation that is no initial may be a title that is not known here: Rep. Ann Lee.
    const first = `concat(${name}.f1, ${name}.f2)`;
    const isAbbreviated = `suffix(${first}, '.') AND length(${first}) > 2 AND strpos(${first}, '.') = length(${first})`;
    return `CASE WHEN ${part("l0", "alone", "l1", "l2")} IS NOT NULL AND NOT (${isAbbreviated}) THEN ${found} ELSE ${otherwise(`${name}.l0`)} END`;
  });
}

/** BOOLEAN: a first name and a last name, as most are, told without the groups of the grammar. */
function isPlainName(): string {
  const others = `regexp_matches(${asText}, '(?i)^(?:${titles}) | (?:${suffixes})$')`;
  // Of an AND the engine computes either side first.
  return `CASE WHEN regexp_full_match(${asText}, '[A-Z][a-z]+ [A-Z][a-z]+') THEN NOT ${others} ELSE false END`;
}

function splitPlainName(): string {
  const values: Partial<Record<string, string>> = {
    first: `split_part(${asText}, ' ', 1)`,
    last: `split_part(${asText}, ' ', 2)`,
  };
  return `struct_pack(${parts.map((part) => `${part} := ${values[part] ?? "CAST(NULL AS VARCHAR)"}`).join(", ")})`;
}

function splitName(): string {
  const refused = (group: string) => {
    const strange = `CAST(CAST(${impossible(group)} AS INTEGER) AS VARCHAR)`;
    return `struct_pack(${parts.map((part) => `${part} := ${strange}`).join(", ")})`;
  };
  // In one CASE with three ways the engine would copy all values of the last.
  const split = `CASE WHEN ${isPlainName()} THEN ${splitPlainName()} ELSE ${findName(refused)} END`;
  return `CASE WHEN NOT (${isBlank(asText)}) THEN ${split} END`;
}

function askName(): string {
  return `${isBlank(asText)} OR ${findName(() => "NULL")} IS NOT NULL`;
}

function complainAboutPart(written: Written): string | undefined {
  const isKnown = written.kind === "text" && parts.some((part) => part === written.text);
  return isKnown ? undefined : `the part is one of ${parts.join(", ")}`;
}
