import type { Operation } from '@cardea/contract/operation'
import { createKey, rotateKey } from '@cardea/contract/vault/keys'
import { setSecret } from '@cardea/contract/vault/secrets'
import type { Nature } from '#core/keys/key.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { Spenders } from '../http/quota.ts'
import type { Known } from '../plane.ts'

/** How many transactions each vault lets through in ten seconds, and, where they are counted apart, new versions and those of keys. */
export type VaultQuota = {
  readonly transactions: number
  readonly secretsSet: number | undefined
  /** Of software keys of 2,048 bits: what others weigh, they take as many of. */
  readonly keys: { readonly creations: number; readonly transactions: number } | undefined
}

/** A key that was used or made, as far as that decides what it costs. */
export type Weighed = Pick<Nature, 'custody' | 'shape'>

/** What a vault's transactions are counted by. */
export type Toll = {
  /** Counts one that begins; throws `throttled`. */
  spend(known: Known<Vault>, operation: Operation): Promise<void> | undefined
  /**
   * Counts what one cost beside that. How large a key is and where it lies is known only when it was found, so this refuses
   * nobody: those who come next have less.
   */
  charge(vault: Vault, operation: Pick<Operation, 'id' | 'path'>, key: Weighed): void
}

const windowMs = 10_000
/** The service's own words. */
const words = 'Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached'

/** What a use of a key weighs: 4,000 in ten seconds of the lightest, 500 of RSA with 4,096 bits; half as many in a security module. */
const weightOf = ({ shape, custody }: Weighed): number =>
  (shape.type !== 'RSA' || shape.bits <= 2048 ? 1 : shape.bits <= 3072 ? 4 : 8) * dearIn(custody)
const makesKey = (id: string): boolean => id === createKey.id || id === rotateKey.id
const dearIn = (custody: Weighed['custody']): number => (custody === 'hsm' ? 2 : 1)

/** Key Vault's throttling (*Azure Key Vault service limits*): what has a place on Azure's wire is counted; what is only ours is not. */
export function tollOf({ transactions, secretsSet, keys }: VaultQuota, spenders: Spenders): Toll {
  const others = spenders('vault', transactions, windowMs)
  const setting = secretsSet === undefined ? others : spenders('vault-set', secretsSet, windowMs)
  const creating = keys === undefined ? others : spenders('vault-key-create', keys.creations, windowMs)
  const using = keys === undefined ? others : spenders('vault-key', keys.transactions, windowMs)
  const quotaOf = ({ id, path }: Pick<Operation, 'id' | 'path'>) => {
    if (id === setSecret.id) return setting
    if (makesKey(id)) return creating
    return path.startsWith('/keys/') ? using : others
  }
  return {
    spend: ({ subject }, operation) =>
      subject === undefined || operation.since === 'always' ? undefined : quotaOf(operation).spend(subject.name, words),
    charge(vault, operation, key) {
      if (keys === undefined) return
      const weight = makesKey(operation.id) ? dearIn(key.custody) : weightOf(key)
      if (weight > 1) quotaOf(operation).charge(vault.name, weight - 1)
    },
  }
}
