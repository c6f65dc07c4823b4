// Amounts of money and shares, as people of a language and region write them.

import { literal } from "../../core/sql.ts";
import { readLocaleNumber } from "../../values/locale.ts";
import { decimalOf } from "../../values/number.ts";
import { invisibleClass, isBlank, trimmed } from "../../values/trim.ts";
import { bind } from "../../values/value.ts";
import type { OwnFunction } from "../own-function.ts";
import { complainAboutLocale, readUsualNumber } from "./numbers.ts";
import { asText, impossible } from "./reading.ts";

export const moneyFunctions: readonly OwnFunction[] = [
  {
    name: "parse_money",
    signature: "parse_money(text, locale)",
    does: "the amount, without its currency; in brackets or with a minus behind it is less than nothing; blank is none",
    takes:
      "a number as its locale writes it, with a currency before or behind it or none: € 1.234,50; (1,234.50); USD 5",
    examples: [
      { call: "parse_money('1.234,50 €', 'de')", gives: "1234.5000000000" },
      { call: "parse_money('($1,234.50)', 'en')", gives: "-1234.5000000000" },
      { call: "parse_money('CHF 1''234.50', 'de-CH')", gives: "1234.5000000000" },
    ],
    complain: { locale: complainAboutLocale },
    macro: () => readNumber(usualAmount(), bareAmount()),
    question: () => askNumber(bareAmount()),
  },
  {
    name: "parse_percent",
    signature: "parse_percent(text, locale)",
    does: "the number of percent, 12.5 of 12,5 %; divide by 100 where a share is wanted, as HubSpot does; blank is none",
    takes: "a number as its locale writes it, with a percent sign or without",
    examples: [
      { call: "parse_percent('12,5 %', 'de')", gives: "12.5000000000" },
      { call: "parse_percent('-3%', 'en') * 0.01", gives: "-0.030000000000" },
    ],
    complain: { locale: complainAboutLocale },
    macro: () => readNumber(usualPercent(), barePercent()),
    question: () => askNumber(barePercent()),
  },
];

const decimalsMax = 10;
const unseen = `[${invisibleClass}]*`;

/** ISO 4217, https://www.six-group.com/en/products-services/financial-information/data-standards.html */
const codes =
  "AED|AFN|ALL|AMD|ANG|AOA|ARS|AUD|AWG|AZN|BAM|BBD|BDT|BGN|BHD|BIF|BMD|BND|BOB|BRL|BSD|BTN|BWP|BYN|BZD|CAD|CDF|CHF|CLP|CNY|COP|CRC|CUP|CVE|CZK|DJF|DKK|DOP|DZD|EGP|ERN|ETB|EUR|FJD|FKP|GBP|GEL|GHS|GIP|GMD|GNF|GTQ|GYD|HKD|HNL|HTG|HUF|IDR|ILS|INR|IQD|IRR|ISK|JMD|JOD|JPY|KES|KGS|KHR|KMF|KPW|KRW|KWD|KYD|KZT|LAK|LBP|LKR|LRD|LSL|LYD|MAD|MDL|MGA|MKD|MMK|MNT|MOP|MRU|MUR|MVR|MWK|MXN|MYR|MZN|NAD|NGN|NIO|NOK|NPR|NZD|OMR|PAB|PEN|PGK|PHP|PKR|PLN|PYG|QAR|RON|RSD|RUB|RWF|SAR|SBD|SCR|SDG|SEK|SGD|SHP|SLE|SOS|SRD|SSP|STN|SVC|SYP|SZL|THB|TJS|TMT|TND|TOP|TRY|TTD|TWD|TZS|UAH|UGX|USD|UYU|UZS|VED|VES|VND|VUV|WST|XAF|XCD|XOF|XPF|YER|ZAR|ZMW|ZWG|HRK";
const signs =
  "US\\$|A\\$|C\\$|CA\\$|AU\\$|NZ\\$|HK\\$|S\\$|R\\$|MX\\$|[$¢£¤¥\\x{20a0}-\\x{20cf}\\x{fdfc}]|kr|zł|Kč|Ft|Fr|Rs|lei|лв|руб";
const currency = `(?:${codes}|(?:${signs})[.]?)`;
/** The dollar's sign stands before, and its code behind: $5 CAD. */
const dollars = "'AUD', 'CAD', 'HKD', 'MXN', 'NZD', 'SGD', 'USD'";
const amountGrammar = (() => {
  const blank = "[ \\x{a0}\\x{2009}\\x{202f}]*";
  const number = "([0-9.,](?:[0-9.,''’ \\x{a0}\\x{2009}\\x{202f}]*[0-9])?)";
  const parts = [
    "(\\(?)",
    "([-+\\x{2212}]?)",
    `(${currency})?`,
    "([-+\\x{2212}]?)",
    number,
    `(${currency})?`,
    "([-\\x{2212}]?)",
  ];
  return `^${unseen}${[...parts, "(\\)?)"].join(blank)}${unseen}$`;
})();

/** VARCHAR: sign and number, without currency and brackets; empty where there are several of one. */
function bareAmount(): string {
  const names = ["open", "s1", "c1", "s2", "number", "c2", "s3", "close"];
  const extracted = `regexp_extract(${asText}, '${amountGrammar}', [${names.map(literal).join(", ")}])`;
  return bind("amount", extracted, (amount) => {
    const signs = `concat(${amount}.open, ${amount}.s1, ${amount}.s2, ${amount}.s3)`;
    const isOne = `length(${signs}) <= 1 AND (${amount}.open = '') = (${amount}.close = '')`;
    const isOneCurrency = `(${amount}.c1 = '' OR ${amount}.c2 = '' OR (${amount}.c1 = '$' AND ${amount}.c2 IN (${dollars})))`;
    const minus = `CASE WHEN ${signs} IN ('', '+') THEN '' ELSE '-' END`;
    return `CASE WHEN ${isOne} AND ${isOneCurrency} THEN ${minus} || ${amount}.number ELSE '' END`;
  });
}

function barePercent(): string {
  return `regexp_replace(${trimmed(asText)}, '^([^%]*[0-9])[ \\x{a0}\\x{202f}]*%$', '\\1')`;
}

/** VARCHAR: the text without a usual currency before its number or behind it. Whatever else it gives is no number. */
function usualAmount(): string {
  const isDigit = (sql: string) => `contains('0123456789', ${sql})`;
  const number = "([-+0-9][0-9.,]*)";
  const usual = "(?:[€$£]|EUR|USD|GBP|CHF)";
  const cut = `regexp_replace(${asText}, '^(?:${usual}[ \\x{a0}]?${number}|${number}[ \\x{a0}]?${usual})$', '\\1\\2')`;
  return `CASE WHEN ${isDigit(`left(${asText}, 1)`)} AND ${isDigit(`right(${asText}, 1)`)} THEN ${asText} ELSE ${cut} END`;
}

function usualPercent(): string {
  return `CASE ${cutBehind(" %")} ${cutBehind("%")} ELSE ${asText} END`;
}

function cutBehind(mark: string): string {
  return `WHEN suffix(${asText}, '${mark}') THEN left(${asText}, length(${asText}) - ${mark.length})`;
}

/**
 * `usual` is cheap and stands several times, `bare` is costly and reads every form. A number of the locale in the one is
 * the same in the other.
 */
function readNumber(usual: string, bare: string): string {
  const type = `DECIMAL(38, ${decimalsMax})`;
  const slow = bind("bare", bare, (text) => {
    const { isNumber, number } = readLocaleNumber(text, "locale", decimalsMax);
    return `CASE WHEN ${isNumber} THEN ${decimalOf(number, decimalsMax)} ELSE CAST(${impossible(text)} AS ${type}) END`;
  });
  return `(value, locale) AS CASE ${readUsualNumber(usual, decimalsMax)} WHEN NOT (${isBlank(asText)}) THEN ${slow} END`;
}

function askNumber(bare: string): string {
  const isRead = bind("bare", bare, (text) => {
    const { isNumber } = readLocaleNumber(text, "locale", decimalsMax);
    return `strlen(${text}) <= 24 AND ${isNumber}`;
  });
  return `(value, locale) AS ${isBlank(asText)} OR ${isRead}`;
}
