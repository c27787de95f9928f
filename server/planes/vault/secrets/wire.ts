import type {
  DeletedSecretBundle,
  DeletedSecretItem,
  SecretAttributes,
  SecretBundle,
  SecretItem,
} from '@cardea/contract/vault/secrets'
import { type Dialect, dialectOf } from '@cardea/contract/vault/versions'
import { fromSeconds, inSeconds } from '#base/clock.ts'
import type { DeletedSecret, Draft, SecretVersion } from '#core/secrets/secret.ts'
import { recoveryLevel, type Vault } from '#core/vaults/vault.ts'
import type { Call } from '../../plane.ts'

type Parameters = {
  readonly contentType: string | undefined
  readonly tags: Record<string, string> | undefined
  readonly attributes:
    | { enabled: boolean | undefined; nbf: number | null | undefined; exp: number | null | undefined }
    | undefined
}

const instant = (seconds: number | null | undefined) => (typeof seconds === 'number' ? fromSeconds(seconds) : seconds)

/** Key Vault's words into ours. */
export const draftFrom = ({ contentType, tags, attributes }: Parameters): Draft => ({
  contentType,
  tags,
  enabled: attributes?.enabled,
  notBefore: instant(attributes?.nbf),
  expires: instant(attributes?.exp),
})

/** The dialect of the api-version that a call asked for. */
export const dialectIn = ({ query }: Call): Dialect => dialectOf(query['api-version'] as string)

// Members without a value are undefined: JSON leaves them out, and objects of one shape are written twice as fast.
const attributesOf = (vault: Vault, dialect: Dialect, secret: SecretVersion): SecretAttributes => ({
  enabled: secret.enabled,
  nbf: secret.notBefore === undefined ? undefined : inSeconds(secret.notBefore),
  exp: secret.expires === undefined ? undefined : inSeconds(secret.expires),
  created: inSeconds(secret.created),
  updated: inSeconds(secret.updated),
  recoveryLevel: recoveryLevel(vault),
  recoverableDays: dialect.recoverableDays ? vault.retentionDays : undefined,
})

/** Ours into Key Vault's: a version, with its value if it is to be shown. */
export const bundleOf = (
  origin: string,
  vault: Vault,
  dialect: Dialect,
  secret: SecretVersion & { value?: string },
): SecretBundle => ({
  value: secret.value,
  contentType: secret.contentType,
  id: `${origin}/secrets/${secret.name}/${secret.version}`,
  attributes: attributesOf(vault, dialect, secret),
  tags: secret.tags,
  previousVersion: dialect.previousVersion ? secret.previous : undefined,
})

const item = (id: string, vault: Vault, dialect: Dialect, secret: SecretVersion): SecretItem => ({
  contentType: secret.contentType,
  id,
  attributes: attributesOf(vault, dialect, secret),
  tags: secret.tags,
})

/** A line of the list of secrets: the id has no version. */
export const itemOf = (origin: string, vault: Vault, dialect: Dialect, secret: SecretVersion): SecretItem =>
  item(`${origin}/secrets/${secret.name}`, vault, dialect, secret)

/** A line of the list of versions. */
export const versionItemOf = (origin: string, vault: Vault, dialect: Dialect, secret: SecretVersion): SecretItem =>
  item(`${origin}/secrets/${secret.name}/${secret.version}`, vault, dialect, secret)

const recovery = (origin: string, secret: DeletedSecret) => ({
  recoveryId: `${origin}/deletedsecrets/${secret.name}`,
  deletedDate: inSeconds(secret.deleted),
  scheduledPurgeDate: inSeconds(secret.purge),
})

export const deletedBundleOf = (
  origin: string,
  vault: Vault,
  dialect: Dialect,
  secret: DeletedSecret,
): DeletedSecretBundle => ({
  ...recovery(origin, secret),
  ...bundleOf(origin, vault, dialect, secret),
})

export const deletedItemOf = (
  origin: string,
  vault: Vault,
  dialect: Dialect,
  secret: DeletedSecret,
): DeletedSecretItem => ({
  ...recovery(origin, secret),
  ...itemOf(origin, vault, dialect, secret),
})
