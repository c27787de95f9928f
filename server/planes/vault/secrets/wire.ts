import type { DeletedSecretBundle, SecretAttributes, SecretBundle, SecretItem } from '@cardea/contract/vault/secrets'
import { fromSeconds, inSeconds } from '#base/clock.ts'
import type { DeletedSecret, Draft, SecretVersion } from '#core/secrets/secret.ts'
import { recoveryLevel, type Vault } from '#core/vaults/vault.ts'

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

const attributesOf = (vault: Vault, secret: SecretVersion): SecretAttributes => ({
  enabled: secret.enabled,
  ...(secret.notBefore !== undefined && { nbf: inSeconds(secret.notBefore) }),
  ...(secret.expires !== undefined && { exp: inSeconds(secret.expires) }),
  created: inSeconds(secret.created),
  updated: inSeconds(secret.updated),
  recoveryLevel: recoveryLevel(vault),
  recoverableDays: vault.retentionDays,
})

const item = (id: string, vault: Vault, secret: SecretVersion): SecretItem => ({
  ...(secret.contentType !== undefined && { contentType: secret.contentType }),
  id,
  attributes: attributesOf(vault, secret),
  ...(secret.tags !== undefined && { tags: { ...secret.tags } }),
})

/** Ours into Key Vault's: a version, with its value if it is to be shown. */
export const bundleOf = (origin: string, vault: Vault, secret: SecretVersion & { value?: string }): SecretBundle => ({
  ...(secret.value !== undefined && { value: secret.value }),
  ...item(`${origin}/secrets/${secret.name}/${secret.version}`, vault, secret),
})

/** A line of the list of secrets: the id has no version. */
export const itemOf = (origin: string, vault: Vault, secret: SecretVersion): SecretItem =>
  item(`${origin}/secrets/${secret.name}`, vault, secret)

/** A line of the list of versions. */
export const versionItemOf = (origin: string, vault: Vault, secret: SecretVersion): SecretItem =>
  item(`${origin}/secrets/${secret.name}/${secret.version}`, vault, secret)

const recovery = (origin: string, secret: DeletedSecret) => ({
  recoveryId: `${origin}/deletedsecrets/${secret.name}`,
  deletedDate: inSeconds(secret.deleted),
  scheduledPurgeDate: inSeconds(secret.purge),
})

export const deletedBundleOf = (origin: string, vault: Vault, secret: DeletedSecret): DeletedSecretBundle => ({
  ...recovery(origin, secret),
  ...versionItemOf(origin, vault, secret),
})

export const deletedItemOf = (origin: string, vault: Vault, secret: DeletedSecret): DeletedSecretBundle => ({
  ...recovery(origin, secret),
  ...itemOf(origin, vault, secret),
})
