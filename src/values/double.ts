// Whether a double is the number that a text says.

/** Of a number in the grammar of JSON or of SQL, in range: the double that is nearest to it is that number, as people write it. */
export function isHeldByDouble(number: string): boolean {
  return digitsOf(String(Number(number))) === digitsOf(number);
}

/** The same for all texts of one number: its digits without zeros at the ends, and where the point stands. */
function digitsOf(number: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(number) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return "0";
  const point = Number(exponent) - fraction.length + digits.length;
  return `${sign === "-" ? "-" : ""}${digits.replace(/0+$/, "")}e${point}`;
}
