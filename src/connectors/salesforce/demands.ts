// What a job asks of an org beyond fields, refused before a row is read where the org or its user would refuse it later.

import type { Demands } from "../../contract/describe.ts";
import { usageFailure } from "../../core/errors.ts";
import { abortJob, openJob } from "./bulk-ingest.ts";
import type { SalesforceClient } from "./client.ts";

/** https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_bulk_v2/create_job.htm (assignmentRuleId) */
const assignableObjects = ["Case", "Lead"];
/** 01Q and what follows. */
const ruleId = /^01Q(\w{12}|\w{15})$/;

export async function refuseDemands(client: SalesforceClient, demands: Demands): Promise<void> {
  refuseAssignmentRule(demands);
  if (demands.hardDelete) await refuseHardDelete(client, demands.object);
}

function refuseAssignmentRule({ object, assignmentRule, place }: Demands): void {
  if (assignmentRule === undefined) return;
  if (!assignableObjects.includes(object)) {
    throw usageFailure(
      `target.assignment_rule: Salesforce has assignment rules for ${assignableObjects.join(" and ")} only`,
      {
        where: place,
        next: `take it out, or load another object than ${object}`,
      },
    );
  }
  if (!ruleId.test(assignmentRule)) {
    throw usageFailure(`target.assignment_rule: "${assignmentRule}" is not the id of an assignment rule (01Q…)`, {
      where: place,
      next: "SELECT Id, Name FROM AssignmentRule lists them",
    });
  }
}

/** Asks for an empty job: who lacks the permission is refused it, and the job of who has it is thrown away. */
async function refuseHardDelete(client: SalesforceClient, object: string): Promise<void> {
  await client.explain(`deleting ${object} for good`, async () => {
    const job = await openJob(client, { object, operation: "hardDelete" });
    await abortJob(client, job);
  });
}
