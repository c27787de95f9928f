import type { ObjectAttributes } from '@cardea/contract/vault/objects'
import { type Dialect, dialectOf } from '@cardea/contract/vault/versions'
import { fromSeconds, type Instant, inSeconds } from '#base/clock.ts'
import { recoveryLevel, type Vault } from '#core/vaults/vault.ts'
import type { Call } from '../plane.ts'

/** What Key Vault's words about a secret and about a key have in common. */

type Asked = { enabled: boolean | undefined; nbf: number | null | undefined; exp: number | null | undefined }

const instant = (seconds: number | null | undefined) => (typeof seconds === 'number' ? fromSeconds(seconds) : seconds)

/** The service's words into ours: null takes a date away, undefined leaves it. */
export const standingFrom = (attributes: Asked | undefined) => ({
  enabled: attributes?.enabled,
  notBefore: instant(attributes?.nbf),
  expires: instant(attributes?.exp),
})

/** The dialect of the api-version that a call asked for. */
export const dialectIn = ({ query }: Call): Dialect => dialectOf(query['api-version'] as string)

type Version = {
  readonly enabled: boolean
  readonly notBefore: Instant | undefined
  readonly expires: Instant | undefined
  readonly created: Instant
  readonly updated: Instant
}

/** Ours into the service's. Members without a value are undefined: JSON leaves them out, and objects of one shape are written twice as fast. */
export const attributesOf = (vault: Vault, dialect: Dialect, version: Version): ObjectAttributes => ({
  enabled: version.enabled,
  nbf: version.notBefore === undefined ? undefined : inSeconds(version.notBefore),
  exp: version.expires === undefined ? undefined : inSeconds(version.expires),
  created: inSeconds(version.created),
  updated: inSeconds(version.updated),
  recoveryLevel: recoveryLevel(vault),
  recoverableDays: dialect.recoverableDays ? vault.retentionDays : undefined,
})

/** What is told of a deletion; `recoveryId` is what clients wait by. */
export const deletionOf = (recoveryId: string, { deleted, purge }: { deleted: Instant; purge: Instant }) => ({
  recoveryId,
  deletedDate: inSeconds(deleted),
  scheduledPurgeDate: inSeconds(purge),
})
