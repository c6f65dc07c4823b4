// Whether numbers of accounts and of taxpayers are of their country's form and have the check digits that it wants, for the
// functions iban_valid and vat_valid. Whether there is such an account or taxpayer only its bank or tax office knows.
// https://www.swift.com/standards/data-standards/iban-international-bank-account-number (the registry, in ibantools)
// https://ec.europa.eu/taxation_customs/vies/ (forms of VAT numbers, in jsvat)

import { isValidIBAN } from "ibantools";
import * as vat from "jsvat";
import { type Compute, Refused } from "../computed.ts";

/** In groups, as they are printed. */
const groups = /[\p{Zs}-]/gu;

export function checkIbans(): Compute {
  return (text) => String(isValidIBAN(text.replaceAll(groups, "").toUpperCase()));
}

/**
 * Northern Ireland's numbers are those of the United Kingdom, under a prefix of their own.
 * https://ec.europa.eu/taxation_customs/vies/#/faq (Q11: structure of the numbers)
 */
const sameForm: Readonly<Record<string, string>> = { XI: "GB" };

export function checkVatNumbers(): Compute {
  // Greece writes EL, Switzerland CHE.
  const known = new Set(
    vat.countries.flatMap(({ name, codes }) => (name === "Greece" ? ["EL", "GR"] : codes.slice(0, 1))),
  );
  return (text) => {
    const number = text.replaceAll(groups, "").replaceAll(".", "").toUpperCase();
    const [, prefix = "", rest = ""] = /^([A-Z]{2})([A-Z0-9]*[0-9][A-Z0-9]*)$/.exec(number) ?? [];
    if (prefix === "") return "false";
    const country = sameForm[prefix] ?? prefix;
    if (!known.has(country)) return new Refused(`of numbers that begin with ${prefix} no form is known here`);
    if (country === "BR" && /[A-Z]/.test(rest)) return new Refused("of a CNPJ with letters no check is known here");
    if (country === "BE" && /^1[0-9]{9}$/.test(rest)) return String(isBelgian(rest));
    return String(vat.checkVAT(country + rest, vat.countries).isValid);
  };
}

/**
 * Belgium gives numbers that begin with 1, too, which jsvat does not know: the last two digits are 97 less the rest of the
 * others by 97. https://www.vatcalc.com/belgium/belgian-vat-number-format-changes/
 */
function isBelgian(digits: string): boolean {
  return 97 - (Number(digits.slice(0, 8)) % 97) === Number(digits.slice(8));
}
