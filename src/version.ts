// Where the package lies, and its version, from its own file.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** From src/ and from dist/ alike. */
export const packageFolder = fileURLToPath(new URL("..", import.meta.url));

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

export const version = manifest.version;
