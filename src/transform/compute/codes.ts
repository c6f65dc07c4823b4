// Codes of currencies and languages, for the functions currency and language.

import { type Countries, isCountryCode, openCountries } from "../../values/names/countries.ts";
import { openCurrencies } from "../../values/names/currencies.ts";
import { openLanguages } from "../../values/names/languages.ts";
import { type Compute, Refused } from "../computed.ts";
import { complainAboutCountry } from "./countries.ts";

export function codeCurrencies(): Compute {
  const currencies = openCurrencies();
  let countries: Countries | undefined;
  const compute: Compute = (text, place = "") => {
    const without = currencies.find(text);
    if ("code" in without || place.trim() === "") return "code" in without ? without.code : new Refused(without.why);
    countries ??= openCountries();
    const country = countries.find(place.trim());
    if ("why" in country) return new Refused(`of its country: ${country.why}`);
    const found = currencies.find(text, country.code);
    return "why" in found ? new Refused(found.why) : found.code;
  };
  const complain = (place: string) => {
    if (place.trim() === "" || isCountryCode(place.trim())) return undefined;
    countries ??= openCountries();
    return complainAboutCountry(countries, place);
  };
  return Object.assign(compute, { constants: { 1: complain } });
}

export function codeLanguages(): Compute {
  const languages = openLanguages();
  return (text) => {
    const found = languages.find(text);
    return "why" in found ? new Refused(found.why) : found.code;
  };
}
