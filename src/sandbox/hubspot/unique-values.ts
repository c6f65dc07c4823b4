// Values that no two live records of a type may share, in an index of their own: who holds them is asked with every write.
// Must hold: case makes no difference; a contact holds all of its addresses, in whichever property.

import type { DatabaseSync } from "../../core/sqlite.ts";
import type { ObjectType } from "./catalog/object-type.ts";
import type { Values } from "./records/stored-record.ts";

export interface UniqueValues {
  /** The record that holds a value. */
  find(type: ObjectType, property: string, value: string): number | undefined;
  /** Takes the values that a record holds from now on, and frees those that it held. */
  move(type: ObjectType, id: number, before: Values, after: Values): void;
}

export function openUniqueValues(database: DatabaseSync): UniqueValues {
  database.exec(
    "CREATE TABLE IF NOT EXISTS unique_value (type TEXT, property TEXT, value TEXT, id INTEGER NOT NULL, PRIMARY KEY (type, property, value)) WITHOUT ROWID",
  );
  const take = database.prepare("INSERT INTO unique_value VALUES (?, ?, ?, ?)");
  const free = database.prepare("DELETE FROM unique_value WHERE type = ? AND property = ? AND value = ?");
  const find = database.prepare("SELECT id FROM unique_value WHERE type = ? AND property = ? AND value = ?");
  return {
    find(type, property, value) {
      const row = find.get(type.typeId, property, value);
      return row === undefined ? undefined : Number(row["id"]);
    },
    move(type, id, before, after) {
      const held = uniqueValues(type, before);
      const wanted = uniqueValues(type, after);
      for (const [property, value] of held)
        if (!includes(wanted, property, value)) free.run(type.typeId, property, value);
      for (const [property, value] of wanted)
        if (!includes(held, property, value)) take.run(type.typeId, property, value, id);
    },
  };
}

/** The pairs of property and value that no other live record of the type may hold. Contacts: email, in any role. */
export function uniqueValues(type: ObjectType, values: Values): [property: string, value: string][] {
  const held: [string, string][] = [];
  for (const [name, value] of Object.entries(values))
    if (name !== "email" && type.properties.get(name)?.hasUniqueValue === true) held.push([name, value.toLowerCase()]);
  if (type.name !== "contacts") return held;
  const emails = [values["email"] ?? "", ...(values["hs_additional_emails"] ?? "").split(";")];
  for (const email of new Set(emails)) if (email !== "") held.push(["email", email.toLowerCase()]);
  return held;
}

function includes(pairs: readonly [string, string][], property: string, value: string): boolean {
  return pairs.some((pair) => pair[0] === property && pair[1] === value);
}
