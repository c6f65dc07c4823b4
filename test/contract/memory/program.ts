// A run with the memory connector in a process of its own, to be killed. Arguments: the project's folder, the job file.

import { connectors } from "../../../src/connectors/registry.ts";
import type { Connector } from "../../../src/contract/connector.ts";
import { runJob } from "../project.ts";
import { memory } from "./connector.ts";

const [folder = "", jobFile = ""] = process.argv.slice(2);
(connectors as Connector[]).push(memory);
const { summary } = await runJob(folder, process.env, jobFile);
process.exit(summary.exitCode);
