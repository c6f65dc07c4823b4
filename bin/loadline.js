#!/usr/bin/env node
// Starts dist/. Plain JavaScript that every Node can read, so that an old one gets a sentence instead of a trace.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  const typed = ["npx loadline", ...process.argv.slice(2)].join(" ");
  process.stderr.write(
    `loadline needs Node 24 or newer, and this is ${process.version}. Type: npm install node@24 && ${typed}\n`,
  );
  process.exit(1);
}
const { start } = await import("../dist/start.js");
await start();
