import type { ObjectKind } from '#core/objects/object.ts'
import { objectResource } from '#core/objects/objects.ts'
import type { Vault } from '#core/vaults/vault.ts'

type Raw = Readonly<Record<string, string | undefined>>

const plain = /^[0-9a-zA-Z-]{1,127}$/

/**
 * A call about one object is about the object's own resource. What can't be a name is kept encoded: it stands in the journal
 * before its form is looked at, and some of it no database takes.
 */
const spelt = (name: string): string =>
  plain.test(name) ? name : encodeURIComponent(name.slice(0, 127).toWellFormed())
const theObject =
  (kind: ObjectKind) =>
  ({ name = '' }: Raw, vault: Vault): string =>
    objectResource(kind, vault, spelt(name))

export const theSecret = theObject('secret')
export const theKey = theObject('key')
export const theCertificate = theObject('certificate')
/** Rights to issuers are given on the vault; the journal knows them one by one. */
export const theIssuer = ({ issuer = '' }: Raw, { resourceId }: Vault): string =>
  `${resourceId}/certificateissuers/${spelt(issuer)}`
/** A list is about the vault. */
export const theVault = (_: Raw, vault: Vault): string => vault.resourceId
