// The forms that a plan has beside what a terminal shows.

export const planForms = ["markdown", "json", "csv", "parquet", "html"] as const;

export type PlanForm = (typeof planForms)[number];

/** The others are files. */
export function isText(form: PlanForm): boolean {
  return form !== "parquet" && form !== "html";
}

export interface FormFlags {
  format?: PlanForm;
  formatOut?: string;
}

export interface ChosenForm {
  form: PlanForm;
  /** Absolute; where there is none, stdout for text, and the run folder for the others. */
  out?: string;
}

/** Whether stdout is taken by it. */
export function isPrinted({ form, out }: ChosenForm): boolean {
  return out === undefined && isText(form);
}
