// What is asked of JSON that a part is taken out of: what writes the macros, and what computes it (which is loaded where a job
// calls them) both know.

/** The numbers as strings that begin with a character which stands in no other text. */
export const marked = "marked";
/** The text, unless the part that was taken out of its marked form has a number that is another one for the engine. */
export const unlessChanged = "unless changed";
