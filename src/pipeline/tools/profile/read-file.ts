// A file of a person's, read outside of a run. In: a path, and what is to be asked of its rows. Out: the answer, and what
// should be known of the reading. Must hold: nothing is written but into a folder that is gone afterwards; what the engine
// does not read strictly is read record by record, and what is no record is told.

import { constants, copyFileSync, createReadStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { usageFailure } from "../../../core/errors.ts";
import type { Part } from "../../../core/model.ts";
import { packingOf } from "../../../formats/packing.ts";
import { searchOf, searchReceived } from "../../../formats/received.ts";
import { countOf } from "../../../report/numbers.ts";
import { scanCsv } from "../../../stage/csv-scan.ts";
import { Engine } from "../../../stage/engine.ts";
import { type OpenPart, openPart, readCarefully } from "../../../stage/open-part.ts";
import { countRefusedRecords } from "../../../stage/stage.ts";
import { openListed, readPartColumns } from "../../extract/part-files.ts";
import { readSample } from "../guess-job.ts";

export interface Reading<T> {
  engine: Engine;
  /** For copies of the file, and nothing else. */
  folder: string;
  path: string;
  /** Asked again where the first scan was not of all rows. `hasLines`: the scan has each row's line in `lineColumn`. */
  ask(scan: string, columns: readonly string[], hasLines: boolean): Promise<T>;
}

export interface FileAnswer<T> {
  answer: T;
  open: OpenPart;
  /** What should be known of it. */
  notes: string[];
}

export async function askFile<T>({ engine, folder, path, ask }: Reading<T>): Promise<FileAnswer<T>> {
  const { format, doubts } = await readSample(path);
  const copy = join(folder, basename(path));
  copyFileSync(path, copy, constants.COPYFILE_FICLONE);
  for await (const file of openListed(folder, { path: copy, label: basename(path) }, { format })) {
    const suspect = await searchReceived(createReadStream(file.path), file, searchOf(format, file.label));
    const part: Part = {
      ...file,
      ordinal: 1,
      locator: path,
      bytes: statSync(file.path).size,
      sha256: "",
      compressed: packingOf(file.label) === "gzip",
      suspect,
      rows: null,
      columns: await readPartColumns(engine, file, format),
    };
    await engine.prepareFor(part.bytes);
    const open = await openPart(engine, part, format, join(folder, "text.csv"));
    const notes = doubts.map((doubt) => `in doubt: ${doubt}`);
    if ("text" in open && !open.text.part.suspect) {
      const answer = await ask(scanCsv(open.text.part, open.text.format), part.columns, false);
      if ((await countRefusedRecords(engine)) === 0) return { answer, open, notes };
    }
    const lined = "text" in open ? await readCarefully(open.text, join(folder, "clean.csv")) : open.lined;
    if (lined.broken.length > 0)
      notes.push(`${countOf(lined.broken.length, "record")} can't be read, not among the rows`);
    return { answer: await ask(lined.scan, part.columns, true), open, notes };
  }
  throw usageFailure(`there is nothing in ${path}`);
}

export async function inFolder<T>(
  signal: AbortSignal,
  use: (engine: Engine, folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "loadline-profile-"));
  try {
    using engine = await Engine.open({ folder, spillFolder: folder, signal });
    return await use(engine, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
