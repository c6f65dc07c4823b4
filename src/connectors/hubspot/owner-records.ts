// Owners as an object to look up in: they are no records, and everybody who is one is in one short list.
// https://developers.hubspot.com/docs/api-reference/latest/crm/owners/guide

import type { Snapshot, SnapshotRequest } from "../../contract/present.ts";
import type { ObjectSchema } from "../../core/model.ts";
import { fieldOf } from "../kit/field.ts";
import { saveSnapshot } from "../kit/snapshot.ts";
import type { Lookups } from "./lookups.ts";
import { idColumn } from "./properties.ts";

export const ownersObject = "owners";

/** As the view of that name calls them. */
const columns = ["id", "email", "first_name", "last_name"] as const;

const readOnly = { createable: false, updateable: false };

export function describeOwners(): ObjectSchema {
  const fields = columns.map((name) => {
    const kind = name === "id" ? ("id" as const) : ("text" as const);
    return [name, fieldOf({ name, vendorType: "string", kind, unique: name === "id", ...readOnly })] as const;
  });
  return { object: ownersObject, label: ownersObject, ...readOnly, deletable: false, fields: new Map(fields) };
}

/** Those who are not archived, all of them: the list is read once. */
export function readOwners(request: SnapshotRequest, lookups: Lookups): Promise<Snapshot> {
  async function* rows(): AsyncGenerator<string[][]> {
    const owners = (await lookups.owners()).filter(({ archived }) => !archived);
    yield owners.map(({ id, email, firstName, lastName }) => {
      const cells = new Map<string, string>([
        [idColumn, id],
        ["id", id],
        ["email", email],
        ["first_name", firstName],
        ["last_name", lastName],
      ]);
      return [id, "", ...request.fields.map((name) => cells.get(name) ?? "")];
    });
  }
  return saveSnapshot(request, [idColumn, "updatedAt", ...request.fields], rows(), "the list of owners");
}
