import type { Operation } from '@cardea/contract/operation'
import type { Clock } from '#base/clock.ts'
import type { Store } from '#core/vaults/vault.ts'
import { Quota } from '../http/quota.ts'
import type { Known } from '../plane.ts'

/** How many requests each store lets through, and in what time. */
export type StoreQuota = { readonly requests: number; readonly windowMs: number }

const words = 'The store lets no more requests through for now. Ask again when the time in retry-after-ms has passed.'

/** App Configuration's throttling (reference 3, 6): what has a place on Azure's wire is counted; what is only ours is not. */
export function spending({ requests, windowMs }: StoreQuota, clock: Clock) {
  const quota = new Quota(requests, windowMs, clock)
  return ({ subject }: Known<Store>, { since }: Operation): void => {
    if (subject !== undefined && since !== 'always') quota.spend(subject.name, words)
  }
}
