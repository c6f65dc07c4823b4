// The `inputs` of a batch, checked as a whole before any of them is looked at.

import { isObject } from "../../json-object.ts";
import { validationError } from "../errors.ts";

export interface BatchInput {
  id: string;
  idProperty: string | undefined;
  properties: Record<string, unknown>;
  associations: unknown;
  traceId: string | undefined;
}

export function readInputs(body: Record<string, unknown>, max: number): BatchInput[] {
  const { inputs } = body;
  if (!Array.isArray(inputs)) throw validationError("Some required fields were not set: [inputs]");
  if (inputs.length > max)
    throw validationError(
      `The maximum number of inputs supported in a batch request is ${max}. Received ${inputs.length}.`,
    );
  return inputs.map((input: unknown) => {
    if (!isObject(input)) throw validationError("Invalid input JSON: an input must be an object");
    const { id, idProperty, properties, associations, objectWriteTraceId } = input;
    return {
      id: id === undefined || id === null ? "" : String(id),
      idProperty: typeof idProperty === "string" && idProperty !== "" ? idProperty : undefined,
      properties: isObject(properties) ? properties : {},
      associations,
      traceId: typeof objectWriteTraceId === "string" && objectWriteTraceId !== "" ? objectWriteTraceId : undefined,
    };
  });
}

/** Multi-status is asked for by a trace id of its own on every input. */
export function hasTraceIds(inputs: readonly BatchInput[]): boolean {
  const ids = new Set(inputs.map((input) => input.traceId));
  return !ids.has(undefined) && ids.size === inputs.length;
}

/** Throws where two inputs mean one record, whatever the case of the key. */
export function requireDistinct(inputs: readonly BatchInput[]): void {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { id, idProperty } of inputs) {
    const key = `${idProperty ?? ""} ${id.trim().toLowerCase()}`;
    if (seen.has(key)) twice.add(id.trim().toLowerCase());
    seen.add(key);
  }
  if (twice.size === 0) return;
  throw validationError(`Duplicate IDs found in batch input: [${[...twice].join(", ")}]. IDs must be unique`, {
    context: { ids: [...twice] },
  });
}

/** A list of names in a body. */
export function nameList(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}
