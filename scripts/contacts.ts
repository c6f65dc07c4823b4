// Writes fixtures/contacts-vendor: the delivery of a vendor who keeps contacts the way people do. 2,000 accounts and
// 20,000 contacts with accents, apostrophes, line breaks, keys that come twice, bad emails, names that are too long,
// stray spaces, blank cells, broken lines, many ways to write a phone number and a day.
//
// In: nothing but the seed. Out: three CSV files, the same bytes every time (a test compares them with what is
// committed). What must hold: every contact that is good names an account that is good, so that the example job loads
// all it does not reject.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { seededFraction } from "../src/core/random.ts";
import { cities, departments, domains, firstNames, lastNames, notes, titles, trades } from "./contact-words.ts";

const seed = 20261120;
const accountCount = 2_000;
const contactCount = 20_000;

type Row = Record<string, string>;

/** A repeatable source of choices. */
interface Dice {
  /** True in so many of a hundred cases. */
  percent(share: number): boolean;
  /** 0 up to, but without, `limit`. */
  below(limit: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
}

function rollDice(from: number): Dice {
  const fraction = seededFraction(from);
  const below = (limit: number) => Math.floor(fraction() * limit);
  return {
    percent: (share) => fraction() * 100 < share,
    below,
    pick: (choices) => choices[below(choices.length)] ?? choices[0],
  };
}

/** The files of the delivery: name to content. */
export function writeDelivery(): Record<string, string> {
  const dice = rollDice(seed);
  const accounts = Array.from({ length: accountCount }, (_, index) => makeAccount(dice, index));
  const contacts = Array.from({ length: contactCount }, (_, index) => makeContact(dice, index));
  spoilAccounts(accounts);
  spoilContacts(dice, contacts);
  repeatKeys(dice, contacts);
  const half = contacts.length / 2;
  const north = toRecords(contacts.slice(0, half));
  north.splice(2_000, 0, ...brokenLines);
  return {
    "accounts.csv": toRecords(accounts).join(""),
    "contacts_north.csv": north.join(""),
    "contacts_south.csv": toRecords(contacts.slice(half)).join(""),
  };
}

function makeAccount(dice: Dice, index: number): Row {
  const [city, country, postcode] = dice.pick(cities);
  const name = `${dice.pick(lastNames)} ${dice.pick(trades)}`;
  return {
    account_no: accountNumber(index),
    name: dice.percent(4) ? `  ${name} ` : name,
    phone: dice.percent(10) ? "" : writePhone(dice),
    website: dice.percent(20) ? "" : `https://www.${slug(name)}.example`,
    city,
    postcode: `${postcode}${String(dice.below(1000)).padStart(3, "0")}`,
    country,
    employees: dice.percent(25) ? "" : String(1 + dice.below(4_000)),
    revenue: dice.percent(30) ? "" : writeGermanAmount(dice.below(900_000_000)),
  };
}

/** Accounts that the example job rejects. They are the last ones, which no contact names. */
function spoilAccounts(accounts: Row[]): void {
  const [nameless, endless, penniless] = accounts.slice(-3);
  Object.assign(nameless ?? {}, { name: "   " });
  Object.assign(endless ?? {}, { name: `Holding ${"und Söhne ".repeat(30)}` });
  Object.assign(penniless ?? {}, { revenue: "etwa 3 Mio" });
}

function makeContact(dice: Dice, index: number): Row {
  const first = dice.pick(firstNames);
  const last = dice.pick(lastNames);
  const name = `${slug(first)}.${slug(last)}`;
  const email = `${name}${dice.percent(30) ? dice.below(100) : ""}@${dice.pick(domains)}`;
  return {
    contact_no: `C-${String(100_000 + index)}`,
    account_no: dice.percent(1) ? "" : accountNumber(dice.below(accountCount - 10)),
    first_name: dice.percent(3) ? ` ${first}` : first,
    last_name: dice.percent(3) ? `${last}  ` : dice.percent(2) ? last.toUpperCase() : last,
    email: dice.percent(8) ? "" : dice.percent(10) ? email.toUpperCase() : dice.percent(2) ? ` ${email} ` : email,
    phone: dice.percent(15) ? "" : writePhone(dice),
    title: dice.percent(30) ? "" : dice.pick(titles),
    department: dice.percent(40) ? "" : dice.pick(departments),
    birthdate: dice.percent(45) ? "" : writeDay(dice),
    newsletter: dice.pick(["yes", "no", "Y", "N", "1", "0", "TRUE", "false", ""]),
    note: dice.percent(6) ? dice.pick(notes) : "",
  };
}

/** What the example job rejects: about one contact in a hundred. */
function spoilContacts(dice: Dice, contacts: Row[]): void {
  const spoilings: [number, () => Row][] = [
    [110, () => ({ email: dice.pick(["n/a", "anna@", "tom.example.com", "a b@c.example", "x@@y.example", "@home"]) })],
    [30, () => ({ last_name: dice.pick(["", "   "]) })],
    [12, () => ({ last_name: `${dice.pick(lastNames)}-`.repeat(20).slice(0, 81 + dice.below(60)) })],
    [20, () => ({ birthdate: dice.pick(["31.02.1980", "00.00.0000", "1979", "unknown"]) })],
    [15, () => ({ newsletter: dice.pick(["maybe", "ja?"]) })],
    [10, () => ({ contact_no: "" })],
  ];
  for (const [count, spoil] of spoilings) {
    for (let done = 0; done < count; done += 1) {
      Object.assign(contacts[dice.below(contacts.length)] ?? {}, spoil());
    }
  }
}

/** Keys that come twice: the later row is the newer one. */
function repeatKeys(dice: Dice, contacts: Row[]): void {
  for (let done = 0; done < 120; done += 1) {
    const earlier = contacts[dice.below(contacts.length / 2)];
    const later = contacts[contacts.length / 2 + dice.below(contacts.length / 2)];
    if (earlier?.["contact_no"] !== "" && later !== undefined) {
      Object.assign(later, { contact_no: earlier?.["contact_no"], last_name: earlier?.["last_name"] });
    }
  }
}

/** A value too many, a line that ends early, quotes in the middle of a value. */
const brokenLines = [
  "C-900001,,Ragged,Row,ragged@mail.example,,,,,no,,one value too many\n",
  "C-900002,,Short,Row\n",
  'C-900003,,Stray "quote",Row,stray@mail.example,,,,,no,\n',
];

/** The header and the rows, each as it stands in the file. */
function toRecords(rows: readonly Row[]): string[] {
  return [stringify([Object.keys(rows[0] ?? {})]), ...rows.map((row) => stringify([Object.values(row)]))];
}

function accountNumber(index: number): string {
  return `A-${String(10_000 + index)}`;
}

function writePhone(dice: Dice): string {
  const area = 20 + dice.below(70);
  const [left, right] = [String(100 + dice.below(900)), String(1000 + dice.below(9000))];
  return dice.pick([
    `+49 ${area} ${left}${right}`,
    `0${area}/${left}-${right}`,
    `(0${area}) ${left} ${right}`,
    `0049${area}${left}${right}`,
    `+1 (${area}5) ${left}-${right}`,
    `${area}5.${left}.${right}`,
  ]);
}

function writeDay(dice: Dice): string {
  const day = String(1 + dice.below(28)).padStart(2, "0");
  const month = String(1 + dice.below(12)).padStart(2, "0");
  return `${day}.${month}.${1945 + dice.below(60)}`;
}

/** 1234567 cents as 12.345,67. */
function writeGermanAmount(cents: number): string {
  const whole = String(Math.floor(cents / 100)).replaceAll(/\B(?=(\d{3})+$)/g, ".");
  return `${whole},${String(cents % 100).padStart(2, "0")}`;
}

/** A name as it stands in an address: plain lower-case letters. */
function slug(name: string): string {
  const plain = name.toLowerCase().normalize("NFD").replaceAll(/\p{M}/gu, "");
  return plain.replaceAll(/[łøßđı]/g, (letter) => plainLetters[letter] ?? "").replaceAll(/[^a-z0-9]/g, "");
}

/** Letters that are no plain letter with a mark. */
const plainLetters: Record<string, string> = { ł: "l", ø: "o", ß: "ss", đ: "d", ı: "i" };

if (import.meta.main) {
  const folder = join(import.meta.dirname, "../fixtures/contacts-vendor");
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(writeDelivery())) writeFileSync(join(folder, name), content);
}
