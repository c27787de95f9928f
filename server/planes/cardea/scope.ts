import { resourceForm } from '@cardea/contract/cardea/resource-id'
import type { Call } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'

/** The resource that a question is about: the one that it names, else the subscription. */
export const scopeOf = ({ resource }: { readonly resource: string | undefined }, { subscription }: Tenancy): string =>
  resource ?? `/subscriptions/${subscription}`

/**
 * The same before the question is read, because permission is asked for first. What can't be a resource is refused when it is
 * read, so until then it is a question about the subscription.
 */
export const askedScope = (_: Call['params'], tenancy: Tenancy, { resource }: Call['query']): string =>
  scopeOf({ resource: typeof resource === 'string' && resourceForm.test(resource) ? resource : undefined }, tenancy)
