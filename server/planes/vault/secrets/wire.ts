import type { DeletedSecretBundle, DeletedSecretItem, SecretBundle, SecretItem } from '@cardea/contract/vault/secrets'
import type { Dialect } from '@cardea/contract/vault/versions'
import type { DeletedSecret, Draft, SecretVersion } from '#core/secrets/secret.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { attributesOf, deletionOf, standingFrom } from '../objects.ts'

type Asked = {
  readonly contentType: string | undefined
  readonly tags: Record<string, string> | undefined
  readonly attributes: Parameters<typeof standingFrom>[0]
}

/** Key Vault's words into ours. */
export const draftFrom = ({ contentType, tags, attributes }: Asked): Draft => ({
  contentType,
  tags,
  ...standingFrom(attributes),
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
  managed: secret.managed || undefined,
  attributes: attributesOf(vault, dialect, secret),
  tags: secret.tags,
  kid: secret.managed ? `${origin}/keys/${secret.name}/${secret.version}` : undefined,
  previousVersion: dialect.previousVersion ? secret.previous : undefined,
})

const item = (id: string, vault: Vault, dialect: Dialect, secret: SecretVersion): SecretItem => ({
  contentType: secret.contentType,
  id,
  managed: secret.managed || undefined,
  attributes: attributesOf(vault, dialect, secret),
  tags: secret.tags,
})

/** A line of the list of secrets: the id has no version. */
export const itemOf = (origin: string, vault: Vault, dialect: Dialect, secret: SecretVersion): SecretItem =>
  item(`${origin}/secrets/${secret.name}`, vault, dialect, secret)

/** A line of the list of versions. */
export const versionItemOf = (origin: string, vault: Vault, dialect: Dialect, secret: SecretVersion): SecretItem =>
  item(`${origin}/secrets/${secret.name}/${secret.version}`, vault, dialect, secret)

const recovery = (origin: string, secret: DeletedSecret) =>
  deletionOf(`${origin}/deletedsecrets/${secret.name}`, secret)

/** A deleted secret, without its value, with how it is recovered and until when. */
export const deletedBundleOf = (
  origin: string,
  vault: Vault,
  dialect: Dialect,
  secret: DeletedSecret,
): DeletedSecretBundle => ({
  ...recovery(origin, secret),
  ...bundleOf(origin, vault, dialect, secret),
})

/** What a list says of a deleted secret. */
export const deletedItemOf = (
  origin: string,
  vault: Vault,
  dialect: Dialect,
  secret: DeletedSecret,
): DeletedSecretItem => ({
  ...recovery(origin, secret),
  ...itemOf(origin, vault, dialect, secret),
})
