// What countries and their states are called, for the functions country_code, country_name and state_code. Loaded where a job names one of them.

import { type Countries, openCountries } from "../../values/names/countries.ts";
import { openStates } from "../../values/names/states.ts";
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
  const noNames = (language: string) => `there are no names in the language "${language}"`;
  const compute: Compute = (text, ...others) => {
    const found = countries.find(text);
    if ("why" in found) return new Refused(found.why);
    const language = others.length === 0 ? "en" : others[0];
    if (language === undefined) return new Refused("it has no language");
    return countries.nameOf(found.code, language) ?? new Refused(noNames(language));
  };
  const isKnown = (language: string) => countries.nameOf("DE", language) !== undefined;
  return Object.assign(compute, {
    constants: { 1: (language: string) => (isKnown(language) ? undefined : noNames(language)) },
  });
}

export function codeStates(): Compute {
  const countries = openCountries();
  const states = openStates();
  const compute: Compute = (text, place = "") => {
    const country = countries.find(place.trim());
    if ("why" in country) return new Refused(`of its country: ${country.why}`);
    const found = states.find(text, country.code);
    return "why" in found ? new Refused(found.why) : found.code;
  };
  return Object.assign(compute, { constants: { 1: (place: string) => complainAboutCountry(countries, place) } });
}

/** What is wrong with a country that is written in a call. */
export function complainAboutCountry(countries: Countries, place: string): string | undefined {
  const found = countries.find(place.trim());
  return "why" in found ? `"${place}" as its country: ${found.why}` : undefined;
}
