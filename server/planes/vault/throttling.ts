import type { Operation } from '@cardea/contract/operation'
import { setSecret } from '@cardea/contract/vault/secrets'
import type { Vault } from '#core/vaults/vault.ts'
import type { Spenders } from '../http/quota.ts'
import type { Known } from '../plane.ts'

/** How many transactions each vault lets through in ten seconds, and, where they are counted apart, new versions. */
export type VaultQuota = { readonly transactions: number; readonly secretsSet: number | undefined }

const windowMs = 10_000
/** The service's own words. */
const words = 'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached'

/** Key Vault's throttling (reference 13): what has a place on Azure's wire is counted; what is only ours is not. */
export function spending({ transactions, secretsSet }: VaultQuota, spenders: Spenders) {
  const others = spenders('vault', transactions, windowMs)
  const setting = secretsSet === undefined ? others : spenders('vault-set', secretsSet, windowMs)
  return ({ subject }: Known<Vault>, { id, since }: Operation): Promise<void> | undefined => {
    if (subject === undefined || since === 'always') return undefined
    const quota = id === setSecret.id ? setting : others
    return quota.spend(subject.name, words)
  }
}
