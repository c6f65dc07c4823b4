// Codes of currencies and languages, by names in many languages (values/names); numbers with check digits.

import { computed } from "../computed.ts";
import type { OwnFunction } from "../own-function.ts";

export const codeFunctions: readonly OwnFunction[] = [
  computed({
    name: "currency",
    signature: "currency(text [, country])",
    does: "the code of ISO 4217; blank is none",
    takes:
      "a currency's name in any of 37 languages, its code, or its sign; a sign that several are written by ($, £, kr) with a country where one of them is paid with",
    examples: [
      { call: "currency('Schweizer Franken')", gives: "CHF" },
      { call: "currency('€')", gives: "EUR" },
      { call: "currency('$', 'Canada')", gives: "CAD" },
    ],
    load: async () => (await import("../compute/codes.ts")).codeCurrencies(),
  }),
  computed({
    name: "language",
    signature: "language(text)",
    does: "the code of ISO 639-1; blank is none",
    takes:
      "a language's name in any of 37 languages, its code of two or three letters, or a tag with its script or region",
    examples: [
      { call: "language('Französisch')", gives: "fr" },
      { call: "language('en-US')", gives: "en" },
      { call: "language('ger')", gives: "de" },
    ],
    load: async () => (await import("../compute/codes.ts")).codeLanguages(),
  }),
  computed({
    name: "iban_valid",
    signature: "iban_valid(text)",
    does: "whether an IBAN has its country's form and right check digits, with or without blanks; blank is none",
    examples: [
      { call: "iban_valid('DE89 3704 0044 0532 0130 00')", gives: "true" },
      { call: "iban_valid('DE88 3704 0044 0532 0130 00')", gives: "false" },
    ],
    type: "BOOLEAN",
    load: async () => (await import("../compute/numbers.ts")).checkIbans(),
  }),
  computed({
    name: "vat_valid",
    signature: "vat_valid(text)",
    does: "whether a VAT number, with the letters that stand for its country there (EL for Greece, XI for Northern Ireland, CHE), has that country's form and right check digits; blank is none",
    takes:
      "a number of a member of the EU, or of AD, BR, CHE, GB, NO, RS, RU or XI; of other countries no form is known; what does not begin with two letters is false",
    examples: [
      { call: "vat_valid('DE 136 695 976')", gives: "true" },
      { call: "vat_valid('DE136695978')", gives: "false" },
      { call: "vat_valid('XI 110 3058 78')", gives: "true" },
    ],
    type: "BOOLEAN",
    load: async () => (await import("../compute/numbers.ts")).checkVatNumbers(),
  }),
];
