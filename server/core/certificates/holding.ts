import { createHash } from 'node:crypto'
import type { Event } from '#core/events/event.ts'
import { eventOf, openHeld, type Sealing, sealHeld, type Tellable } from '#core/objects/held.ts'
import type { Kept } from '#core/objects/object-tables.ts'
import { type Life, objectResource } from '#core/objects/objects.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import type { Certificate, CertificateVersion, Issued } from './certificate.ts'
import { certificateTables } from './certificate-rows.ts'
import type { Policy } from './policy.ts'
import { operationRows, policyRows } from './sealed-rows.ts'

/** The life of certificates. */
export const life: Life<CertificateVersion> = {
  kind: 'certificate',
  tables: certificateTables,
  purging: 'purge-certificate',
  settling: 'settle-certificate',
  ending: 'certificate-expiry',
}

export const resourceOf = (vault: Pick<Vault, 'resourceId'>, name: string): string =>
  objectResource('certificate', vault, name)

/** The same as JSON has it: the certificate in base64. */
export type Held = Omit<Issued, 'der'> & { readonly der: string | undefined }

/** What a version holds as it is sealed. */
export const heldOf = ({ der, contentType, preservesOrder }: Issued): Held => ({
  der: der && Buffer.from(der).toString('base64'),
  contentType,
  preservesOrder,
})

/** The same, opened again. */
export const issuedOf = ({ der, contentType, preservesOrder }: Held): Issued => ({
  der: der === undefined ? undefined : Buffer.from(der, 'base64'),
  contentType,
  preservesOrder,
})

/** Seals what a version holds to its place. */
export const sealIssued = (
  sealing: Sealing,
  vault: Vault,
  version: Pick<CertificateVersion, 'name' | 'version'>,
  issued: Issued,
): Promise<Buffer> => sealHeld(sealing, 'certificate', vault, version, JSON.stringify(heldOf(issued)))

/** Opens what a version holds. */
export const openIssued = async (sealing: Sealing, vault: Vault, kept: Kept<CertificateVersion>): Promise<Issued> =>
  issuedOf(JSON.parse(await openHeld(sealing, 'certificate', vault, kept)) as Held)

/** A policy is sealed to its name, so that it says nothing about another, nor anything that nobody set. */
const placeOfPolicy = (vault: Vault, name: string): string => `${resourceOf(vault, name.toLowerCase())}/policy`

/** The policy of a name; undefined if there is no such certificate. */
export async function policyOf({ sql, keyring }: Sealing, vault: Vault, name: string): Promise<Policy | undefined> {
  const sealed = await policyRows.sealedFor(sql, vault.name, name)
  if (sealed === undefined) return undefined
  return JSON.parse(await keyring.unseal(sql, keyOfVault(vault), sealed, placeOfPolicy(vault, name))) as Policy
}

/** Keeps the policy of a name, sealed to it. */
export async function keepPolicy({ sql, keyring }: Sealing, vault: Vault, name: string, policy: Policy): Promise<void> {
  const place = placeOfPolicy(vault, name)
  await policyRows.keep(
    sql,
    vault.name,
    name,
    await keyring.seal(sql, keyOfVault(vault), JSON.stringify(policy), place),
  )
}

/** A version as callers see it. */
export async function openCertificate(
  sealing: Sealing,
  vault: Vault,
  kept: Kept<CertificateVersion>,
): Promise<Certificate> {
  const issued = await openIssued(sealing, vault, kept)
  const { name } = kept.object
  const policy = await policyOf(sealing, vault, name)
  if (policy === undefined) throw new Error(`The certificate ${name} of the vault ${vault.name} has lost its policy`)
  const hasOperation = (await operationRows.sealedFor(sealing.sql, vault.name, name)) !== undefined
  return { ...kept.object, ...issued, thumbprint: issued.der && thumbprintOf(issued.der), policy, hasOperation }
}

/** By what Key Vault knows a certificate; the one in its row is for lists, and anybody could have written it there. */
const thumbprintOf = (der: Uint8Array): string => createHash('sha1').update(der).digest('base64url')

/** What is told of a version. */
export const tellOf = (vault: Vault, type: Event['type'], certificate: Tellable): Event =>
  eventOf('certificate', vault, type, certificate)
