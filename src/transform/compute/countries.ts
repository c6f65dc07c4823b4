// What countries are called, for the functions country_code and country_name. Loaded where a job names one of them.

import { openCountries } from "../../values/names/countries.ts";
import { type Compute, Refused } from "../computed.ts";

export function codeCountries(): Compute {
  const countries = openCountries();
  return (text) => {
    const found = countries.find(text);
    return "why" in found ? new Refused(found.why) : found.code;
  };
}

export function nameCountries(): Compute {
  const countries = openCountries();
  return (text, language = "en") => {
    const found = countries.find(text);
    if ("why" in found) return new Refused(found.why);
    return countries.nameOf(found.code, language) ?? new Refused(`there are no names in the language "${language}"`);
  };
}
