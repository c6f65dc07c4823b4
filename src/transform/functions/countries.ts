// Countries, by names in many languages (values/names).

import { computed } from "../computed.ts";
import type { OwnFunction } from "../own-function.ts";

export const countryFunctions: readonly OwnFunction[] = [
  computed({
    name: "country_code",
    signature: "country_code(text)",
    does: "the code of ISO 3166-1 with two letters; blank is none",
    takes:
      "a country's name in any of 37 languages, or its code of two or three letters or three digits; not Korea, Congo, America or Virgin Islands, which are several",
    examples: [
      { call: "country_code('Deutschland')", gives: "DE" },
      { call: "country_code('Korea, Republic of')", gives: "KR" },
      { call: "country_code('usa')", gives: "US" },
      { call: "country_code('276')", gives: "DE" },
    ],
    load: async () => (await import("../compute/countries.ts")).codeCountries(),
  }),
  computed({
    name: "country_name",
    signature: "country_name(country [, language])",
    does: "what a country is called, in English or in another language; blank is none",
    takes: "what `country_code` takes, and the code of one of 37 languages, with a region or without: `de`, `pt-PT`",
    examples: [
      { call: "country_name('DE')", gives: "Germany" },
      { call: "country_name('USA', 'fr')", gives: "États-Unis" },
    ],
    load: async () => (await import("../compute/countries.ts")).nameCountries(),
  }),
  computed({
    name: "state_code",
    signature: "state_code(text, country)",
    does: "the code of a state or province as ISO 3166-2 has it behind the country's; blank is none. Salesforce's state codes are the same for most countries; of Mexico and China an org may have others",
    takes:
      "a code, a name in English, or, of AT, BE, BR, CA, CH, CN, DE, ES, FR, IN, IT, MX, NL, PL and PT, as the country writes it; not a name that a province and a city share; the country is what `country_code` takes",
    examples: [
      { call: "state_code('California', 'US')", gives: "CA" },
      { call: "state_code('Bayern', 'Germany')", gives: "BY" },
      { call: "state_code('County Cork', 'IE')", gives: "CO" },
      { call: "state_code('mx-jal', 'MX')", gives: "JAL" },
    ],
    load: async () => (await import("../compute/countries.ts")).codeStates(),
  }),
];
