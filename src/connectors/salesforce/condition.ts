// What a job says of records in SOQL: a condition alone, which stands in brackets among those of the run.
// https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm

/** What a query has after its condition. No field, operator or value is followed so. */
const clauses =
  /\b(?:(?:ORDER|GROUP)\s+BY|(?:LIMIT|OFFSET)(?=\s+\d)|WITH(?=\s+\w)|FOR\s+(?:VIEW|REFERENCE|UPDATE)|UPDATE\s+(?:TRACKING|VIEWSTAT)|ALL\s+ROWS)\b/i;

/** Why a text is more than a condition; undefined where it may be one, of which the org knows the rest. */
export function explainCondition(text: string): string | undefined {
  const [clause] = clauses.exec(outsideBrackets(text)) ?? [];
  if (clause === undefined) return undefined;
  const name = clause.toUpperCase().replaceAll(/\s+/g, " ");
  return `a condition alone is taken, and ${name} is none: it stands in brackets, beside the conditions of the run`;
}

/** Without what quotes and brackets hold: texts, lists, and queries of their own. */
function outsideBrackets(text: string): string {
  let left = text.replaceAll(/'(?:\\.|[^'\\])*'/gs, "''");
  for (let before = ""; before !== left; ) {
    before = left;
    left = left.replaceAll(/\([^()]*\)/g, "[]");
  }
  return left;
}
