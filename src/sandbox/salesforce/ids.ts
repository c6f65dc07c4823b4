// Record ids in Salesforce's form: 15 case-sensitive characters, and 3 more that make them safe where case is lost.
// https://help.salesforce.com/s/articleView?id=000385585&type=1 (the check characters)

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const checkDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
const instance = "Sb0";
const serialLength = 9;

/** The 18-character id of the n-th record under a key prefix. Ids of one prefix sort as their numbers do. */
export function makeId(keyPrefix: string, serial: number): string {
  let rest = serial;
  let text = "";
  for (let place = 0; place < serialLength; place += 1) {
    text = digits.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return withCheck(keyPrefix + instance + text);
}

/** An id as it is stored (18 characters), or undefined where the text cannot be one. */
export function canonicalId(text: string): string | undefined {
  if (!/^(?:[0-9A-Za-z]{15}|[0-9A-Za-z]{18})$/.test(text)) return undefined;
  const full = withCheck(text.slice(0, 15));
  return text.length === 15 || full.slice(15) === text.slice(15).toUpperCase() ? full : undefined;
}

function withCheck(id: string): string {
  let check = "";
  for (let group = 0; group < 15; group += 5) {
    let bits = 0;
    for (let place = 0; place < 5; place += 1) {
      const code = id.charCodeAt(group + place);
      if (code >= 65 && code <= 90) bits |= 1 << place;
    }
    check += checkDigits.charAt(bits);
  }
  return id + check;
}
