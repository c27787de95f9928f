import { resourceId } from '@cardea/contract/cardea/resource-id'

/** What is asked at and below a resource, where one is named: the option for it, and its place in a path. */
export const resource = {
  type: 'string',
  value: 'ID',
  says: 'the resource id at and below which (default the subscription)',
  shape: resourceId,
} as const
/** The same as the query of a path. */
export const below = (resource: string | undefined): string =>
  resource === undefined ? '' : `?${new URLSearchParams({ resource })}`
