import { resourceForm } from '@cardea/contract/cardea/access'
import type { Call } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'

/** The resource that a query is about; the subscription, where it names none that could be one. */
export const askedResource = (_: Call['params'], { subscription }: Tenancy, { resource }: Call['query']): string =>
  typeof resource === 'string' && resourceForm.test(resource) ? resource : `/subscriptions/${subscription}`
