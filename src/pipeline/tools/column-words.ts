// Names of columns and fields, told alike: by their letters, or by a word that means the same in a vendor's file. In: a
// name or a label as somebody wrote it. Out: what it is called here. English and German words; what is not in the list is
// itself.

/** What a field is called here, and what else columns of it are called. */
const meanings: Readonly<Record<string, string>> = {
  firstname: "givenname forename vorname rufname",
  lastname: "surname familyname nachname familienname zuname",
  fullname: "name contactname contact displayname ansprechpartner kontakt kontaktname vollername",
  salutation: "anrede",
  email: "emailaddress mail mailaddress emailadresse mailadresse",
  phone: "phonenumber telephone telephonenumber tel telno telefon telefonnummer telefonnr businessphone rufnummer",
  mobilephone: "mobile mobilenumber mobilephonenumber cell cellphone handy mobil mobiltelefon mobilnummer",
  fax: "faxnumber faxnummer telefax",
  street: "address address1 addressline1 streetaddress strasse anschrift strassehausnummer adresse",
  city: "town ort stadt wohnort",
  postalcode: "zip zipcode postcode plz postleitzahl zippostalcode",
  state: "stateprovince province region bundesland stateregion",
  country: "land countryregion staat",
  title: "jobtitle position funktion berufsbezeichnung stellenbezeichnung",
  department: "abteilung",
  company: "companyname organisation organization firma firmenname unternehmen accountname",
  website: "url homepage web webseite websiteurl internet",
  industry: "branche",
  description: "comment comments note notes bemerkung bemerkungen notiz notizen beschreibung kommentar",
  birthdate: "birthday dateofbirth dob geburtsdatum geburtstag",
  numberofemployees: "employees mitarbeiter mitarbeiterzahl anzahlmitarbeiter",
  annualrevenue: "revenue umsatz jahresumsatz",
  amount: "betrag summe",
  leadsource: "source quelle herkunft",
};

const meant = new Map(
  Object.entries(meanings).flatMap(([name, words]) => words.split(" ").map((word) => [word, name])),
);

/** Small letters and digits of a name, without accents: `E-Mail`, `e_mail` and `EMail` are one. */
export function lettersOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll("ß", "ss")
    .normalize("NFD")
    .replaceAll(/[^\p{L}\p{N}]/gu, "");
}

export function meaningOf(name: string): string {
  const letters = lettersOf(name);
  // ä is written ae as well.
  return meant.get(letters) ?? meant.get(letters.replaceAll(/([aou])e/g, "$1")) ?? letters;
}

/** A name that is likely to be of a key: `Kunden-Nr`, `contact_id`, `Ref.`. */
export function looksLikeKey(name: string): boolean {
  const last = name
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .at(-1);
  return last !== undefined && /^(.*(id|nr|no|nummer|number|key|code|ref|uuid|guid|schluessel|schlüssel))$/.test(last);
}
