// What `loadline init` writes for local folders.

import type { Starter } from "../../contract/starter.ts";

export const starter: Starter = {
  source: { name: "inbox", lines: () => "type: file\npath: ./inbox\n" },
  target: { name: "outbox", lines: () => "type: file\npath: ./outbox\n" },
  variables: "",
  sampleFolder: () => "inbox",
};
