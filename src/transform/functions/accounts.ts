// Names of companies, to compare them: without their legal form, accents, punctuation and case.

import { literal } from "../../core/sql.ts";
import { lettersAbroad } from "../../values/letters.ts";
import type { OwnFunction } from "../own-function.ts";
import { asText } from "./reading.ts";

export const accountFunctions: readonly OwnFunction[] = [
  {
    name: "account_name",
    signature: "account_name(text)",
    does: "a company's name to match by: in small letters, without accents, punctuation and the legal form at its end (GmbH, Inc, S.A., Ltd, B.V., Sp. z o.o. and the like); blank is none",
    examples: [
      { call: "account_name('ACME, Inc.')", gives: "acme" },
      { call: "account_name('Müller & Söhne GmbH & Co. KG')", gives: "muller and sohne" },
      { call: "account_name('Société Générale S.A.')", gives: "societe generale" },
    ],
    macro: () => `(value) AS ${normalise()}`,
  },
];

/** As they are once dots are gone and other punctuation is a blank. `s ?a`: both S.A. and S/A. */
const endings = [
  // English
  "inc|incorporated|corp|corporation|co|company|ltd|limited|llc|l ?l ?c|llp|lp|plc|pllc|pc|pty|pte|pvt|private|cic",
  // German
  "gmbh|mbh|ag|kg|kgaa|ohg|ug|haftungsbeschrankt|gbr|eg|ev|e k|ek|se|co kg|and co kg|and co kgaa|and co ohg|and co",
  // French, Spanish, Portuguese, Italian, Romanian
  "s ?a|s ?a ?s|sasu|s ?a ?r ?l|sarlu|eurl|snc|sci|scs|s ?l|s ?l ?u|sau|s ?c|s ?a de c ?v|sapi de c ?v|s de r ?l|s de r ?l de c ?v|ltda|lda|eireli|me|s ?p ?a|s ?r ?l|srls|s ?a ?b|unipessoal",
  // Dutch, Belgian
  "b ?v|n ?v|v ?o ?f|c ?v|bvba|sprl|srl",
  // Nordic
  "a ?b|publ|a ?s|a ?s ?a|aps|i ?s|o ?y|oyj|abp|hf|ehf",
  // Polish, Czech, Slovak, Hungarian, Baltic, South Slavic, Bulgarian, Greek, Turkish
  "sp z ?o ?o|sp j|sp k|spolka z ?o ?o|s ?r ?o|spol s ?r ?o|v ?o ?s|kft|zrt|nyrt|bt|uab|sia|oü|ou|d ?o ?o|d ?d|j ?d ?o ?o|ead|ood|eood|ae|epe|ike|a ?e|a s|san|tic|ltd sti|sti",
  // Asian, African, and of the Pacific
  "k ?k|godo kaisha|kabushiki kaisha|bhd|sdn bhd|tbk|jsc|pjsc|co ltd|fze|fzco|fz llc|wll|w ?l ?l|saog|psc|proprietary",
].join("|");
/** Those that stand before a name. */
const beginnings = "ooo|oao|zao|pao|ооо|оао|зао|пао|ао|ип|тов|pt|cv";

/** Written together with the name, too. */
const asian = "株式会社|有限会社|合同会社|股份有限公司|有限责任公司|有限公司|주식회사";

/** Letters that have no accent to take off. */
const letters: readonly (readonly [from: string, to: string])[] = [
  ["ß", "ss"],
  ["æ", "ae"],
  ["œ", "oe"],
  ["þ", "th"],
];
const fullWidth = String.fromCharCode(...Array.from({ length: 0x5e }, (_, place) => 0xff01 + place));
/** In small letters already. */
const single = { from: `øłđðıħŧ${fullWidth}`, to: `olddiht${narrow(fullWidth)}` };

function narrow(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

function normalise(): string {
  const translated = `translate(lower(${asText}), ${literal(single.from)}, ${literal(single.to)})`;
  const folded = letters.reduce(
    (sql, [from, to]) => `replace(${sql}, '${from}', '${to}')`,
    `strip_accents(${translated})`,
  );
  const isAscii = `strlen(${asText}) = length(${asText})`;
  const text = `CASE WHEN ${isAscii} THEN lower(${asText}) ELSE ${folded} END`;
  const noDots = `regexp_replace(replace(replace(${text}, '&', ' and '), '+', ' and '), '[.''’\`´\\x{300}-\\x{36f}]', '', 'g')`;
  const spaced = `system.main.trim(regexp_replace(${noDots}, '[^a-z0-9${lettersAbroad}]+', ' ', 'g'))`;
  const named = `regexp_replace(${spaced}, '^(?:(?:${beginnings}) |(?:${asian}) ?)+(.+)$', '\\1')`;
  const bare = `regexp_replace(${named}, '^(.+?)(?: (?:${endings})| ?(?:${asian}))+$', '\\1')`;
  // Of these no form stands without a blank beside it, so nothing need be kept by a group, which takes three times as long.
  const ofAscii = `regexp_replace(regexp_replace(${spaced}, '^(?:(?:${beginnings}) )+', ''), '(?: (?:${endings}))+$', '')`;
  return `nullif(CASE WHEN ${isAscii} THEN ${ofAscii} ELSE ${bare} END, '')`;
}
