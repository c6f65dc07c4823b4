// The name of a column's type without what says nothing of its values. In: the type as a database tells it. Must hold: two
// types that hold other values have other names.

/** MariaDB and MySQL 5.7 tell with how many digits a whole number is shown, MySQL 8 no more. tinyint(1) holds true and false. */
export function withoutWidth(type: string): string {
  return type === "tinyint(1)" || type.includes("zerofill") ? type : type.replace(/^(\w*int|year)\(\d+\)/, "$1");
}
