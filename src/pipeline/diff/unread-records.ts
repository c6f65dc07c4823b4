// Records of the target's answer that strict reading refuses: what is compared would lack them.

import { countOf } from "../../core/counted.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { Engine } from "../../stage/engine.ts";
import { countRefusedRecords } from "../../stage/stage.ts";

export async function refuseUnreadSnapshot(engine: Engine, stream: string): Promise<void> {
  const refused = await countRefusedRecords(engine);
  if (refused === 0) return;
  throw new Failure(
    exitCode.failed,
    `${countOf(refused, "record")} of the target's answer for stream ${stream} can't be read`,
    {
      next: "run again; nothing was written",
    },
  );
}
