import type { Operation } from '@cardea/contract/operation'
import { setSecret } from '@cardea/contract/vault/secrets'
import type { Clock } from '#base/clock.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { Quota } from '../http/quota.ts'
import type { Known } from '../plane.ts'

/** How many transactions each vault lets through in ten seconds, and, where they are counted apart, new versions. */
export type VaultQuota = { readonly transactions: number; readonly secretsSet: number | undefined }

const windowMs = 10_000
/** The service's own words. */
const words = 'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached'

/** Key Vault's throttling (reference 13): what has a place on Azure's wire is counted; what is only ours is not. */
export function spending({ transactions, secretsSet }: VaultQuota, clock: Clock) {
  const others = new Quota(transactions, windowMs, clock)
  const setting = secretsSet === undefined ? others : new Quota(secretsSet, windowMs, clock)
  return ({ subject }: Known<Vault>, { id, since }: Operation): void => {
    if (subject === undefined || since === 'always') return
    const quota = id === setSecret.id ? setting : others
    quota.spend(subject.name, words)
  }
}
