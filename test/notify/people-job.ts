// A job that copies one file, with whoever is told of it.

/** `map`: the column that `id` is made of. `notices`: lines of `notify`. */
export function peopleJob(map: string, notices: readonly string[], more = ""): string {
  return `version: 1
name: people
streams:
  people:
    source: { connection: drop, files: in.csv }
    target: { connection: drop, files: out.csv }
    map: { id: ${map} }
notify:
${notices.join("\n")}
${more}`;
}
