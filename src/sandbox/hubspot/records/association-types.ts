// Association types that HubSpot defines itself, from each end.
// https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v4 (association type id values)

/** From, to, the type's id as seen from there, and from the other end; the label where it has one. */
const pairs: readonly (readonly [string, string, number, number, string?])[] = [
  ["contact", "company", 279, 280],
  ["contact", "company", 1, 2, "Primary"],
  ["deal", "company", 341, 342],
  ["deal", "company", 5, 6, "Primary"],
  ["ticket", "company", 339, 340],
  ["ticket", "company", 26, 25, "Primary"],
  ["contact", "deal", 4, 3],
  ["contact", "ticket", 15, 16],
  ["deal", "ticket", 27, 28],
  ["deal", "line_item", 19, 20],
  ["deal", "quote", 63, 64],
  ["quote", "line_item", 67, 68],
  ["quote", "contact", 69, 70],
  ["quote", "company", 71, 72],
  ["call", "company", 182, 181],
  ["email", "company", 186, 185],
  ["meeting", "company", 188, 187],
  ["note", "company", 190, 189],
  ["task", "company", 192, 191],
  ["call", "contact", 194, 193],
  ["email", "contact", 198, 197],
  ["meeting", "contact", 200, 199],
  ["note", "contact", 202, 201],
  ["task", "contact", 204, 203],
  ["call", "deal", 206, 205],
  ["email", "deal", 210, 209],
  ["meeting", "deal", 212, 211],
  ["note", "deal", 214, 213],
  ["task", "deal", 216, 215],
  ["call", "ticket", 220, 219],
  ["email", "ticket", 224, 223],
  ["meeting", "ticket", 226, 225],
  ["note", "ticket", 228, 227],
  ["task", "ticket", 230, 229],
  ["communication", "contact", 81, 82],
  ["communication", "ticket", 83, 84],
  ["communication", "deal", 85, 86],
  ["communication", "company", 87, 88],
  ["postal_mail", "contact", 453, 454],
  ["postal_mail", "ticket", 455, 456],
  ["postal_mail", "deal", 457, 458],
  ["postal_mail", "company", 459, 460],
  ["contact", "contact", 449, 449],
  ["company", "company", 450, 450],
  ["company", "company", 13, 14, "Child Company"],
  ["deal", "deal", 451, 451],
  ["ticket", "ticket", 452, 452],
];

interface OwnType {
  category: "HUBSPOT_DEFINED";
  typeId: number;
  label: string | null;
}

const category = "HUBSPOT_DEFINED";
const inverseLabels: Readonly<Record<string, string>> = { "Child Company": "Parent Company" };

/** The types from one object type (by its singular name) to another. */
export function hubspotDefined(from: string, to: string): (OwnType & { inverse: OwnType })[] {
  return pairs.flatMap(([first, second, typeId, inverseId, label]) => {
    const there: OwnType = { category, typeId, label: label ?? null };
    const back: OwnType = { category, typeId: inverseId, label: inverseLabels[label ?? ""] ?? label ?? null };
    const found = first === from && second === to ? [{ ...there, inverse: back }] : [];
    // Between two of one type each end has its own id, if the ends differ.
    if (second === from && first === to && typeId !== inverseId) found.push({ ...back, inverse: there });
    return found;
  });
}
