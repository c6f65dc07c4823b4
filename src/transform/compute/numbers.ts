// Whether numbers of accounts and of taxpayers are of their country's form and have the check digits that it wants, for the
// functions iban_valid and vat_valid. Whether there is such an account or taxpayer only its bank or tax office knows.
// https://www.swift.com/standards/data-standards/iban-international-bank-account-number (the registry, in ibantools)
// https://ec.europa.eu/taxation_customs/vies/ (forms of VAT numbers, in jsvat)

import { isValidIBAN } from "ibantools";
import * as vat from "jsvat";
import type { Compute } from "../computed.ts";

/** In groups, as they are printed. */
const groups = /[\p{Zs}-]/gu;

export function checkIbans(): Compute {
  return (text) => String(isValidIBAN(text.replaceAll(groups, "").toUpperCase()));
}

export function checkVatNumbers(): Compute {
  return (text) => {
    const written = text.replaceAll(groups, "").replaceAll(".", "").toUpperCase();
    return String(/^[A-Z]{2}[A-Z0-9]+$/.test(written) && vat.checkVAT(written, vat.countries).isValid);
  };
}
