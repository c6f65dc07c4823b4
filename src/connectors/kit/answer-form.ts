// Whether JSON is an answer of the system that was called. What must hold: a gateway that answers 200 with JSON of its own
// says nothing of records, so that none is taken for absent, and none for written.

/** Members that an answer must have: a list, or what something is called by. */
export type AnswerForm = Readonly<Record<string, "list" | "name">>;

export function hasForm(answer: unknown, form: AnswerForm): answer is Record<string, unknown> {
  if (typeof answer !== "object" || answer === null) return false;
  const members = answer as Record<string, unknown>;
  return Object.entries(form).every(([name, kind]) => {
    const member = members[name];
    return kind === "list" ? Array.isArray(member) : isName(member);
  });
}

function isName(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && value !== "");
}
