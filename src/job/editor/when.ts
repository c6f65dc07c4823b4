// Rules of JSON Schema that hold under a condition.

export type JsonSchema = { [keyword: string]: unknown };

export function when(condition: JsonSchema, rule: JsonSchema): JsonSchema {
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  return { if: condition, then: rule };
}
