import type {
  DeletedKeyBundle,
  DeletedKeyItem,
  JsonWebKey,
  KeyAttributes,
  KeyBundle,
  KeyItem,
  KeyOperation,
  KeyType,
} from '@cardea/contract/vault/keys'
import type { Dialect } from '@cardea/contract/vault/versions'
import { Fault } from '#base/fault.ts'
import type { Curve, KeyShape, PrivateJwk } from '#base/keys/key.ts'
import type { Custody, DeletedKey, KeyDraft, KeyVersion } from '#core/keys/key.ts'
import type { Deletion, ObjectVersion } from '#core/objects/object.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { attributesOf, deletionOf, standingFrom } from '../objects.ts'

type Said = {
  readonly key_ops: readonly KeyOperation[] | undefined
  readonly tags: Record<string, string> | undefined
  readonly attributes: Parameters<typeof standingFrom>[0]
}

/** Key Vault's words into ours. */
export const draftFrom = ({ key_ops, tags, attributes }: Said): KeyDraft => ({
  operations: key_ops,
  tags,
  ...standingFrom(attributes),
})

const typeOf = (kty: KeyType): KeyShape['type'] => kty.replace('-HSM', '') as KeyShape['type']
const custodyOf = (kty: KeyType): Custody => (kty.endsWith('-HSM') ? 'hsm' : 'software')

const fieldBits: Readonly<Record<Curve, number>> = { 'P-256': 256, 'P-256K': 256, 'P-384': 384, 'P-521': 521 }

type Wanted = { readonly kty: KeyType; readonly key_size: number | undefined; readonly crv: Curve | undefined }

/** The key that is to be made, and who is to keep it. What is said of it and doesn't belong to its type is a misunderstanding. */
export function wantedFrom({ kty, key_size, crv }: Wanted): { readonly custody: Custody; readonly shape: KeyShape } {
  const [type, custody] = [typeOf(kty), custodyOf(kty)]
  if (type === 'EC') {
    const curve = crv ?? 'P-256'
    if (key_size !== undefined && key_size !== fieldBits[curve]) {
      const words = `A key on the curve ${curve} has ${fieldBits[curve]} bits: leave key_size out.`
      throw new Fault('invalid', words, { where: 'key_size' })
    }
    return { custody, shape: { type, curve } }
  }
  if (crv !== undefined) throw new Fault('invalid', `A key of type ${kty} has no curve.`, { where: 'crv' })
  return { custody, shape: { type, bits: key_size ?? (type === 'RSA' ? 2048 : 256) } }
}

type Imported = Readonly<
  Record<'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi' | 'x' | 'y' | 'k', string | undefined>
> & {
  readonly kty: KeyType
  readonly crv: Curve | undefined
}

/** The key that is to be taken in, and who is to keep it: a security module, if either its type or `Hsm` says so. */
export function importedFrom(
  { kty, crv, ...members }: Imported,
  Hsm: boolean | undefined,
): { readonly custody: Custody; readonly jwk: PrivateJwk } {
  const custody = Hsm === true ? 'hsm' : custodyOf(kty)
  const { n, e, d, p, q, dp, dq, qi, x, y, k } = members
  switch (typeOf(kty)) {
    case 'RSA':
      return { custody, jwk: { kty: 'RSA', n, e, d, p, q, dp, dq, qi } }
    case 'EC':
      return { custody, jwk: { kty: 'EC', crv, x, y, d } }
    case 'oct':
      return { custody, jwk: { kty: 'oct', k } }
  }
}

/** The address of a version, which is its `kid`. */
export const kidOf = (origin: string, { name, version }: Pick<KeyVersion, 'name' | 'version'>): string =>
  `${origin}/keys/${name}/${version}`

/** Ours into Key Vault's. Of a key that lies in a module we don't know how well the module is protected, so nothing is said of it. */
const keyAttributesOf = (vault: Vault, dialect: Dialect, key: KeyVersion): KeyAttributes => ({
  ...attributesOf(vault, dialect, key),
  exportable: dialect.exportable ? false : undefined,
  hsmPlatform: dialect.hsmPlatform && key.custody === 'software' ? '0' : undefined,
  key_size: dialect.keySize && key.shape.type === 'oct' ? key.shape.bits : undefined,
})

function jwkOf(origin: string, key: KeyVersion): JsonWebKey {
  const { custody, operations, publicPart } = key
  const { kty, ...members } = publicPart
  return { kid: kidOf(origin, key), kty: custody === 'hsm' ? `${kty}-HSM` : kty, key_ops: operations, ...members }
}

/** A version: its public part, and what is said of it. */
export const bundleOf = (origin: string, vault: Vault, dialect: Dialect, key: KeyVersion): KeyBundle => ({
  key: jwkOf(origin, key),
  managed: key.managed || undefined,
  attributes: keyAttributesOf(vault, dialect, key),
  tags: key.tags,
})

const item = (kid: string, vault: Vault, dialect: Dialect, key: ObjectVersion): KeyItem => ({
  kid,
  managed: key.managed || undefined,
  attributes: { ...attributesOf(vault, dialect, key), exportable: dialect.exportable ? false : undefined },
  tags: key.tags,
})

/** A line of the list of keys: the id has no version. */
export const itemOf = (origin: string, vault: Vault, dialect: Dialect, key: ObjectVersion): KeyItem =>
  item(`${origin}/keys/${key.name}`, vault, dialect, key)

/** A line of the list of versions. */
export const versionItemOf = (origin: string, vault: Vault, dialect: Dialect, key: ObjectVersion): KeyItem =>
  item(kidOf(origin, key), vault, dialect, key)

const recovery = (origin: string, key: { readonly name: string } & Deletion) =>
  deletionOf(`${origin}/deletedkeys/${key.name}`, key)

/** A deleted key, with how it is recovered and until when. */
export const deletedBundleOf = (origin: string, vault: Vault, dialect: Dialect, key: DeletedKey): DeletedKeyBundle => ({
  ...recovery(origin, key),
  ...bundleOf(origin, vault, dialect, key),
})

/** What a list says of a deleted key. */
export const deletedItemOf = (
  origin: string,
  vault: Vault,
  dialect: Dialect,
  key: ObjectVersion & Deletion,
): DeletedKeyItem => ({
  ...recovery(origin, key),
  ...itemOf(origin, vault, dialect, key),
})
