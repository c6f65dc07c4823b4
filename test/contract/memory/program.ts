// A run with the memory connector in a process of its own, to be killed. In the project's folder; argument: the job file.

import { connectors } from "../../../src/connectors/registry.ts";
import type { Connector } from "../../../src/contract/connector.ts";
import { runJob } from "../project.ts";
import { memory } from "./connector.ts";

const [jobFile = ""] = process.argv.slice(2);
(connectors as Connector[]).push(memory);
const { summary } = await runJob(process.cwd(), process.env, jobFile);
process.exit(summary.exitCode);
