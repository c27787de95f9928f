import type { Operation } from '@cardea/contract/operation'
import type { Store } from '#core/vaults/store.ts'
import type { Spenders } from '../http/quota.ts'
import type { Known } from '../plane.ts'

/** How many requests each store lets through, and in what time. */
export type StoreQuota = { readonly requests: number; readonly windowMs: number }

const words = 'The store lets no more requests through for now. Ask again when the time in retry-after-ms has passed.'

/** App Configuration's throttling (its REST reference, *Throttling*): what has a place on Azure's wire is counted; what is only ours is not. */
export function spending({ requests, windowMs }: StoreQuota, spenders: Spenders) {
  const quota = spenders('store', requests, windowMs)
  return ({ subject }: Known<Store>, { since }: Operation): Promise<void> | undefined =>
    subject === undefined || since === 'always' ? undefined : quota.spend(subject.name, words)
}
