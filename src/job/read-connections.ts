// Reads connections.yaml. In: YAML with references, and the types of connections that there are. Out: connections by
// name, still with references. What must hold: no text of this file is shown that could be a credential, not even in a
// message about a typo.

import { dirname, resolve as resolvePath } from "node:path";
import { type ConnectionsFile, connectionsShape } from "./connection-schema.ts";
import type { ConnectionScope, ConnectionType } from "./connection-type.ts";
import { Diagnostics } from "./diagnostics.ts";
import type { Connection, Environment } from "./job.ts";
import { maskValues } from "./mask-values.ts";
import { checkShape } from "./schema-issues.ts";
import { parseYaml, readSource } from "./yaml-document.ts";
import { keySpanAt, type MapNode, nodeAt, type TreePath } from "./yaml-tree.ts";

/**
 * The connections by name. `environment` is for addresses and paths, and not looked at before these are read;
 * credentials are resolved with the one that `Reference.resolve` is given.
 * Throws a Failure (exit 2) whose message holds every problem found, each at file:line:column.
 */
export function readConnections(
  file: string,
  types: readonly ConnectionType[],
  environment: Environment,
): Map<string, Connection> {
  const source = readSource(file);
  const diagnostics = new Diagnostics(source, maskValues(source.text));
  const root = parseYaml(diagnostics, { extensions: false });
  const written = checkShape(connectionsShape(types), root, diagnostics);
  if (written !== undefined) checkEach(written, types, root, diagnostics);
  diagnostics.throwIfAny();
  const connections = new Map<string, Connection>();
  for (const [name, connection] of Object.entries(written?.connections ?? {})) {
    const scope: ConnectionScope = {
      name,
      environment,
      folder: resolvePath(dirname(file)),
      connectionNamed: (other) => connections.get(other),
      placeAt(path: TreePath) {
        const whole = ["connections", name, ...path];
        const node = path.length === 0 ? undefined : nodeAt(root, whole);
        return source.placeAt(node?.span.start ?? keySpanAt(root, whole).start);
      },
    };
    connections.set(name, typeNamed(types, connection.type).read(connection, scope));
  }
  return connections;
}

function checkEach(
  { connections }: ConnectionsFile,
  types: readonly ConnectionType[],
  root: MapNode,
  diagnostics: Diagnostics,
): void {
  for (const [name, connection] of Object.entries(connections)) {
    const problems = typeNamed(types, connection.type).findProblems(connection, name, connections);
    for (const { path, message, suggestion } of problems) {
      const node = nodeAt(root, ["connections", name, ...path]);
      if (node !== undefined) diagnostics.add(node.span, message, suggestion === undefined ? {} : { suggestion });
    }
  }
}

function typeNamed(types: readonly ConnectionType[], name: string): ConnectionType {
  const found = types.find(({ type }) => type === name);
  if (found === undefined) throw new Error(`connections of type ${name} passed the shape`);
  return found;
}
