import type { Call } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'

/**
 * The resource that a question names by `resource`, else the subscription. Permission is asked for before its form is
 * looked at; what comes twice or can't be one names nothing that anybody could have rights at.
 */
export const askedScope = (_: Call['params'], { subscription }: Tenancy, { resource }: Call['query']): string =>
  resource === undefined
    ? `/subscriptions/${subscription}`
    : typeof resource === 'string'
      ? resource.slice(0, 1024)
      : ''
