// Names of hosts with letters beyond ASCII, or in punycode, for the function domain: one writing for both. By UTS 46, as
// browsers read them: https://www.unicode.org/reports/tr46/

import { domainToUnicode } from "node:url";
import { type Compute, Refused } from "../computed.ts";

export function readHosts(): Compute {
  return (host) => {
    const read = domainToUnicode(host);
    // What can't be decoded is left as it was; what is another text then is none either way.
    const isRead = read !== "" && !read.includes("xn--");
    return isRead ? read : new Refused("it is not written as a domain is (IDNA)");
  };
}
