// Associations as clients give them: checked against the types that there are and the records that exist.

import { isObject } from "../../json-object.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import type { AssociationType } from "./association-labels.ts";
import type { End } from "./associations.ts";
import { parseId } from "./find.ts";

/** A link that a new record asks for. */
export interface WantedLink {
  to: End;
  types: AssociationType[];
}

/** The `associations` of a create request. Throws where one cannot be. */
export function readInlineLinks(portal: Portal, from: ObjectType, given: unknown): WantedLink[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) throw validationError("associations must be a list");
  return given.map((link: unknown) => {
    const { to, types } = isObject(link) ? link : {};
    const first: unknown = Array.isArray(types) ? types[0] : undefined;
    const target = portal.catalog.types.find((type) => associationType(portal, from, type, first) !== undefined);
    if (target === undefined) throw unknownType(first, from);
    return {
      to: existingEnd(portal, target, isObject(to) ? to["id"] : undefined),
      types: readTypes(portal, from, target, types),
    };
  });
}

/** A list of association specs between two types. */
export function readTypes(portal: Portal, from: ObjectType, to: ObjectType, given: unknown): AssociationType[] {
  if (!Array.isArray(given) || given.length === 0) throw validationError("at least one association type is needed");
  return given.map((spec: unknown) => {
    const type = associationType(portal, from, to, spec);
    if (type === undefined) throw unknownType(spec, from);
    return type;
  });
}

/** A record that is there. Throws HubSpot's INVALID_OBJECT_IDS otherwise. */
export function existingEnd(portal: Portal, type: ObjectType, id: unknown): End {
  const text = typeof id === "number" ? String(id) : id;
  const number = typeof text === "string" ? parseId(text) : undefined;
  if (number !== undefined && portal.store.get(type, number)?.archived === false) return { type, id: number };
  throw validationError(`${type.singular.toUpperCase()}=${String(text)} is not valid`, {
    subCategory: "crm.associations.INVALID_OBJECT_IDS",
    context: { INVALID_OBJECT_IDS: [`${type.singular.toUpperCase()}=${String(text)} is not valid`] },
  });
}

function associationType(portal: Portal, from: ObjectType, to: ObjectType, spec: unknown): AssociationType | undefined {
  if (!isObject(spec)) return undefined;
  return portal.associations.find(from, to, spec["associationCategory"], spec["associationTypeId"]);
}

function unknownType(spec: unknown, from: ObjectType): Error {
  const id = isObject(spec) ? String(spec["associationTypeId"]) : "none";
  return validationError(`Association type id ${id} doesn't exist between ${from.typeId} and the other object`, {
    subCategory: "crm.associations.INVALID_ASSOCIATION_TYPE",
  });
}
