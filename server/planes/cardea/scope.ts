import type { Call } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'

/** The resource that a question is about: the one that it names, else the subscription. */
export const scopeOf = ({ resource }: { readonly resource: string | undefined }, { subscription }: Tenancy): string =>
  resource ?? `/subscriptions/${subscription}`

/**
 * The same before its form is looked at, because permission is asked for first; what comes twice or can't be one names
 * nothing that anybody could have rights at.
 */
export const askedScope = (_: Call['params'], tenancy: Tenancy, { resource }: Call['query']): string =>
  resource === undefined || typeof resource === 'string' ? scopeOf({ resource: resource?.slice(0, 1024) }, tenancy) : ''
