// Phone numbers, for the function phone. In: what people write, and the country that it is dialled from. Out: the number in
// E.164, or in a form that is read by people. Must hold: the whole text is one number; two numbers, a number that a
// spreadsheet made a decimal of, and one that may be read in two ways are refused. The library reads by the numbering plans
// of Google's libphonenumber; it takes what stands between digits lightly, so that is looked at here.
// https://github.com/catamphetamine/libphonenumber-js (ITU-T E.164: at most 15 digits, no extension)
// https://knowledge.hubspot.com/properties/phone-number-property-validation (HubSpot wants E.164 of a valid area code)

import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from "libphonenumber-js/max";
import { type Countries, openCountries } from "../../values/names/countries.ts";
import type { Found } from "../../values/names/fold-name.ts";
import { type Compute, Refused } from "../computed.ts";
import { phoneForms } from "../phone-forms.ts";

/** Digits of any script, and what people put between them; then an extension. */
const written =
  /^(?<number>\+?[\p{Nd}\p{Zs}().\-/‐-―]+?)(?<extension>(?:[\p{Zs},;]*(?:ext(?:ension)?|x|#)[.:=\p{Zs}]*|;ext=)\p{Nd}{1,7})?$/iu;

export function readPhones(): Compute {
  // Most countries are codes, and what all are called takes a while to read.
  let countries: Countries | undefined;
  const findCountry = (name: string) => {
    countries ??= openCountries();
    return countries.find(name);
  };
  const compute: Compute = (text, country, ...forms) => {
    const form = forms.length === 0 ? phoneForms[0] : forms[0];
    if (form === undefined) return new Refused("it has no form");
    const dialled = text.replace(/^tel:/i, "");
    const number = written.exec(dialled)?.groups?.["number"];
    if (number === undefined) return new Refused("it is not one phone number");
    const strange = complainAboutWriting(number);
    if (strange !== undefined) return new Refused(strange);
    const home = readHome(country, number, findCountry);
    if (home instanceof Refused) return home;
    const from = home === undefined ? {} : { defaultCountry: home };
    const read = parsePhoneNumberFromString(dialled, { ...from, extract: false });
    if (read?.isValid() !== true) {
      return new Refused(`no numbering plan has it${home === undefined ? "" : `, dialled from ${home}`}`);
    }
    return findOtherReading(number, home, read) ?? writeNumber(read, form, home);
  };
  const complain = (country: string) => {
    if (country.trim() === "") return undefined;
    const home = readHome(country, "", findCountry);
    return home instanceof Refused ? `"${country}" as its country: ${home.why.replace(ofCountry, "")}` : undefined;
  };
  return Object.assign(compute, { constants: { 1: complain } });
}

const ofCountry = "of its country: ";

/** Two numbers, or half of one, would be read as one. */
function complainAboutWriting(number: string): string | undefined {
  const digitsOf = (part: string) => part.replaceAll(/[^\p{Nd}]/gu, "").length;
  if (/^\D*\d{6,}\.0$/u.test(number)) return "a spreadsheet made a decimal number of it";
  const [area = "", rest, ...others] = number.split("/");
  if (rest === undefined) return undefined;
  // 0721/123456 has its area code apart; 123456/7 and 123456/0721 98 are two numbers.
  const isArea = others.length === 0 && digitsOf(area) <= 8 && digitsOf(rest) > 2 && !/^\p{Zs}*[(+0]/u.test(rest);
  return isArea ? undefined : "it may be two numbers";
}

/** The country that a number without its own is of. Of one with a + it says nothing. */
function readHome(
  country: string | undefined,
  number: string,
  findCountry: (name: string) => Found,
): CountryCode | undefined | Refused {
  const isWhole = number.startsWith("+");
  const name = country?.trim() ?? "";
  if (name === "")
    return isWhole ? undefined : new Refused("it has no country: no + and its country code, and no country beside it");
  const code = name.toUpperCase();
  if (isSupportedCountry(code)) return code;
  const found = findCountry(name);
  if ("code" in found && isSupportedCountry(found.code)) return found.code;
  if (isWhole) return undefined;
  return new Refused("why" in found ? `${ofCountry}${found.why}` : `there is no numbering plan of ${found.code}`);
}

/** 49 30 123456, dialled from Germany: with its country's code, or within the country? */
function findOtherReading(number: string, home: CountryCode | undefined, read: PhoneNumber): Refused | undefined {
  if (home === undefined || number.startsWith("+")) return undefined;
  const digits = [...number.normalize("NFKC").matchAll(/\d/g)].join("");
  const code = getCountryCallingCode(home);
  if (!digits.startsWith(code)) return undefined;
  const readings = [`+${digits}`, `+${code}${digits}`].map((one) =>
    parsePhoneNumberFromString(one, { extract: false }),
  );
  const others = readings.filter((one) => one?.isValid() === true && one.number !== read.number);
  return others.length === 0 ? undefined : new Refused("it may be meant with its country's code or without");
}

function writeNumber(read: PhoneNumber, form: string, home: CountryCode | undefined): string | Refused {
  if (form === "e164") {
    return read.ext === undefined ? read.number : new Refused("it has an extension, which E.164 has no place for");
  }
  const isAtHome = home !== undefined && getCountryCallingCode(home) === read.countryCallingCode;
  if (form === "national" && isAtHome) return read.formatNational();
  if (form === "national" || form === "international") return read.formatInternational();
  return new Refused(`there is no form "${form}"`);
}
