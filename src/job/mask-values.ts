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

/**
 * The same of a job file, where passphrases, passwords and the secrets of webhooks are credentials: what stands on the line of
 * one, and deeper below; and of addresses what follows the host.
 */
export function maskCredentials(text: string): string {
  const lines = /^([ \t]*)(.*?)\b(?:passphrase\b|(?:password|secret)["']?[ \t]*:).*(?:\n\1[ \t]+.*)*/gm;
  const addresses = /\b(?<=https?:\/\/[^\s"'/?#]+)[/?#][^\s"',}\]]+/gi;
  return text.replaceAll(lines, maskValues).replaceAll(addresses, (path) => "*".repeat(path.length));
}
