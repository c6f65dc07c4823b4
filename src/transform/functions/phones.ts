// Phone numbers (libphonenumber-js).

import { computed } from "../computed.ts";
import type { OwnFunction, Written } from "../own-function.ts";
import { phoneForms } from "../phone-forms.ts";

export const phoneFunctions: readonly OwnFunction[] = [
  computed({
    name: "phone",
    signature: "phone(text, country [, form])",
    does: "a phone number as `e164` says; in the form `international`, or `national` where it is of this country, with its extension; blank is none",
    takes:
      "one number of a country's numbering plan: with + and its country code, or as it is dialled in the country, which is a code or a name; without an extension, but for the forms that keep it",
    examples: [
      { call: "phone('030 / 901820', 'DE')", gives: "+4930901820" },
      { call: "phone('+33 (0)6 12 34 56 78', 'Germany')", gives: "+33612345678" },
      { call: "phone('(202) 224-3121 x12', 'US', 'international')", gives: "+1 202 224 3121 ext. 12" },
      { call: "phone('+49 30 901820', 'DE', 'national')", gives: "030 901820" },
    ],
    complain: { country: complainAboutCountry, form: complainAboutForm },
    load: async () => (await import("../compute/phone.ts")).readPhones(),
  }),
];

function complainAboutCountry(written: Written): string | undefined {
  if (written.kind === "computed" || written.kind === "text") return undefined;
  return written.kind === "constant" && written.value === null ? undefined : "the country is a text: 'DE', 'Germany'";
}

function complainAboutForm(written: Written): string | undefined {
  if (written.kind === "computed") return undefined;
  const isForm = written.kind === "text" && phoneForms.some((form) => form === written.text);
  return isForm ? undefined : `its form is one of ${phoneForms.map((form) => `'${form}'`).join(", ")}`;
}
