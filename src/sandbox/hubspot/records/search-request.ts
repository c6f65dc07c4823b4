// What a search asks for, once its request is read.

import type { ObjectType } from "../catalog/object-type.ts";

export interface Filter {
  propertyName: string;
  operator: string;
  value: string | undefined;
  highValue: string | undefined;
  values: string[];
}

export interface Search {
  type: ObjectType;
  groups: Filter[][];
  query: string | undefined;
  sort: { property: string; descending: boolean } | undefined;
  offset: number;
  limit: number;
}
