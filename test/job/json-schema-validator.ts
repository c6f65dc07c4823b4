// The part of JSON Schema 2020-12 that our schemas use, so that a test can do what an editor does. An unknown keyword
// throws: a schema that outgrows this file must not pass unchecked.

type Schema = Readonly<Record<string, unknown>>;

const annotations = new Set(["$schema", "title", "description"]);

/** True if the value is valid under the schema. */
export function isValid(schema: unknown, value: unknown): boolean {
  return Object.entries(schema as Schema).every(([keyword, expected]) => {
    if (annotations.has(keyword)) return true;
    const rule = rules[keyword];
    if (rule === undefined) throw new Error(`the validator does not know the keyword ${keyword}`);
    return rule(expected, value, schema as Schema);
  });
}

const rules: Readonly<Record<string, (expected: unknown, value: unknown, schema: Schema) => boolean>> = {
  type: (expected, value) => typesOf(value).includes(String(expected)),
  const: (expected, value) => value === expected,
  enum: (expected, value) => (expected as unknown[]).includes(value),
  pattern: (expected, value) => typeof value !== "string" || new RegExp(String(expected), "u").test(value),
  minLength: (expected, value) => typeof value !== "string" || value.length >= Number(expected),
  maxLength: (expected, value) => typeof value !== "string" || value.length <= Number(expected),
  minimum: (expected, value) => typeof value !== "number" || value >= Number(expected),
  maximum: (expected, value) => typeof value !== "number" || value <= Number(expected),
  minItems: (expected, value) => !Array.isArray(value) || value.length >= Number(expected),
  items: (expected, value) => !Array.isArray(value) || value.every((item) => isValid(expected, item)),
  anyOf: (expected, value) => (expected as unknown[]).some((schema) => isValid(schema, value)),
  oneOf: (expected, value) => (expected as unknown[]).filter((schema) => isValid(schema, value)).length === 1,
  required: (expected, value) => !isMap(value) || (expected as string[]).every((key) => Object.hasOwn(value, key)),
  minProperties: (expected, value) => !isMap(value) || Object.keys(value).length >= Number(expected),
  maxProperties: (expected, value) => !isMap(value) || Object.keys(value).length <= Number(expected),
  propertyNames: (expected, value) => !isMap(value) || Object.keys(value).every((key) => isValid(expected, key)),
  properties: (expected, value) =>
    Object.entries(expected as Schema).every(([key, schema]) => {
      return !isMap(value) || !Object.hasOwn(value, key) || isValid(schema, value[key]);
    }),
  patternProperties: (expected, value) =>
    Object.entries(expected as Schema).every(([pattern, schema]) => {
      const matching = isMap(value) ? Object.entries(value).filter(([key]) => new RegExp(pattern, "u").test(key)) : [];
      return matching.every(([, item]) => isValid(schema, item));
    }),
  dependentRequired: (expected, value) =>
    Object.entries(expected as Record<string, string[]>).every(([key, others]) => {
      return !isMap(value) || !Object.hasOwn(value, key) || others.every((other) => Object.hasOwn(value, other));
    }),
  additionalProperties: (expected, value, schema) => {
    if (!isMap(value)) return true;
    const patterns = Object.keys((schema["patternProperties"] ?? {}) as Schema).map((text) => new RegExp(text, "u"));
    const known = Object.keys((schema["properties"] ?? {}) as Schema);
    const others = Object.keys(value).filter((key) => !known.includes(key) && !patterns.some((one) => one.test(key)));
    return others.every((key) => expected !== false && isValid(expected, value[key]));
  },
};

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typesOf(value: unknown): string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  return Number.isInteger(value) ? ["number", "integer"] : [typeof value];
}
