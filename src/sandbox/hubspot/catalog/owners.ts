// The people of the portal. Some are there from the start, and they are always the same.
// https://developers.hubspot.com/docs/api-reference/latest/crm/owners/guide

export interface Owner {
  /** What hubspot_owner_id holds; the user id is another number. */
  id: string;
  userId: number;
  type: "PERSON" | "QUEUE";
  email: string;
  firstName: string;
  lastName: string;
  archived: boolean;
  teams: { id: string; name: string; primary: boolean }[];
}

const sales = { id: "100001", name: "Sales", primary: true };

export const owners: readonly Owner[] = [
  person("700101", "Ada", "Brown", [sales]),
  person("700102", "Lin", "Chen", [sales, { id: "100002", name: "Renewals", primary: false }]),
  person("700103", "Omar", "Diaz", []),
  { ...person("700104", "Eve", "Frost", []), archived: true },
  { ...person("700105", "Support", "Queue", []), type: "QUEUE", email: "" },
];

function person(id: string, firstName: string, lastName: string, teams: Owner["teams"]): Owner {
  const email = `${firstName}.${lastName}@sandbox.example.com`.toLowerCase();
  return { id, userId: Number(id) + 5_000_000, type: "PERSON", email, firstName, lastName, archived: false, teams };
}
