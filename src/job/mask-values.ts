// The text of a file as messages may show it: without what could be a credential.

/** The text with everything masked that is not a key, the name of a reference, or punctuation; places stay the same. */
export function maskValues(text: string): string {
  const shown = /(?<=^[ \t]*|[{,][ \t]*)[A-Za-z_][\w-]*(?=[ \t]*:(?:\s|$))|\$\{(?:file:)?\w+|[\s{}[\],:#"'-]/gm;
  let masked = "";
  let end = 0;
  for (const match of text.matchAll(shown)) {
    masked += "*".repeat(match.index - end) + match[0];
    end = match.index + match[0].length;
  }
  return masked + "*".repeat(text.length - end);
}

/** The same of a job file, where only passphrases are credentials: what stands on the line of one, and deeper below. */
export function maskPassphrases(text: string): string {
  return text.replaceAll(/^([ \t]*)(.*?)\bpassphrase\b.*(?:\n\1[ \t]+.*)*/gm, maskValues);
}
