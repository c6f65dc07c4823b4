// The people of a demo org, of whom the first are in a demo portal too, and what addresses they have.

export const demoPeople = [
  ["Annika", "de Vries"],
  ["Marcus", "Bell"],
  ["Priya", "Nair"],
  ["Jean", "Moreau"],
  ["Eleanor", "Whitcombe"],
  ["Luis", "Ortega"],
  ["Haruka", "Tanaka"],
  ["Ingrid", "Solberg"],
  ["Carmen", "Ruiz"],
  ["Walter", "Hayes"],
  ["Jürgen", "Köster"],
  ["Matilda", "Grant"],
  ["Tom", "Okafor"],
  ["Sofia", "Lindqvist"],
  ["Peter", "Novak"],
  ["Grace", "Adeyemi"],
  ["Ruth", "Feldman"],
  ["Daniel", "O'Connor"],
  ["Yuki", "Mori"],
  ["Elena", "Petrova"],
  ["Samuel", "Brandt"],
  ["Nadia", "Haddad"],
  ["Oscar", "Lemaire"],
  ["Chloe", "Baker"],
] as const;

export function demoDomain(company: string): string {
  return `${company.toLowerCase().replace(/[^a-z]+/g, "-")}.example`;
}

/** first.last@domain, without accents, blanks and apostrophes. */
export function demoAddress(firstName: string, lastName: string, domain: string | undefined): string {
  const local = `${firstName}.${lastName}`
    .normalize("NFD")
    .replace(/[^A-Za-z.]/g, "")
    .toLowerCase();
  return `${local}@${domain}`;
}
