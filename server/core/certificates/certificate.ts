import type { KeyUsage } from '@cardea/contract/vault/certificates'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { KeyOperation } from '#base/keys/algorithms.ts'
import type { KeyShape } from '#base/keys/key.ts'
import type { Deletion, ObjectVersion } from '#core/objects/object.ts'
import { type ContentType, type IssuerTerms, isUnknown, monthsAfter, type Policy } from './policy.ts'

/**
 * A certificate is a key and a secret of one name and version, and what an issuer says of them. Its dates are those that the
 * issuer wrote.
 */
export type CertificateVersion = ObjectVersion & {
  /** SHA-1 of the certificate, base64url; undefined as long as the first version is still to be issued. */
  readonly thumbprint: string | undefined
}
/** What a version holds: all of it public, none of it to be changed by who merely writes the database. */
export type Issued = {
  /** The certificate itself (DER); undefined as long as it is still to be issued. Those that vouch for it are in its secret. */
  readonly der: Uint8Array | undefined
  readonly contentType: ContentType
  /** Whether the chain has the order in which it was sent; undefined if nobody said so. */
  readonly preservesOrder: boolean | undefined
}
/** A version as callers see it. */
export type Certificate = CertificateVersion &
  Issued & {
    readonly policy: Policy
    /** Whether an operation is kept of the name, under way or ended. */
    readonly hasOperation: boolean
  }
export type DeletedCertificate = Certificate & Deletion

/** What a caller may say of a certificate beside its policy. */
export type CertificateDraft = {
  readonly enabled?: boolean | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly preservesOrder?: boolean | undefined
}

/** How far a certificate has come that was asked for. */
export type Operation = {
  /** The certificate's name as it is spelt. */
  readonly name: string
  readonly requestId: string
  readonly status: 'inProgress' | 'completed' | 'cancelled' | 'failed'
  readonly isCallingOff: boolean
  /** What an authority is sent (PKCS #10, DER). */
  readonly request: Uint8Array
  readonly issuer: IssuerTerms
  readonly preservesOrder: boolean | undefined
  readonly trouble: { readonly code: string; readonly message: string } | undefined
}

/** An issued certificate is good from a little before: clocks of those who look at it may be behind. So is the service's. */
const backdatedMs = 10 * 60_000

/** From when until when a certificate is good that is issued now; certificates count seconds. */
export function termsOf(
  { validityMonths }: Policy,
  at: Instant,
): { readonly notBefore: Instant; readonly notAfter: Instant } {
  const now = Math.floor(at / 1000) * 1000
  return { notBefore: now - backdatedMs, notAfter: monthsAfter(now, validityMonths) }
}

/** What the uses that a certificate allows mean for its key (*About Azure Key Vault certificates*, mapping of key usage). Without any it may do whatever its type does. */
export function operationsOf(usage: readonly KeyUsage[], { type }: KeyShape): KeyOperation[] | undefined {
  if (usage.length === 0) return undefined
  const meant = new Set(usage.flatMap((name) => meanings[name]))
  return order.filter((operation) => meant.has(operation) && (type === 'RSA' || signing.includes(operation)))
}

const signing: readonly KeyOperation[] = ['sign', 'verify']
const order: readonly KeyOperation[] = ['sign', 'verify', 'wrapKey', 'unwrapKey', 'encrypt', 'decrypt']
const meanings: Readonly<Record<KeyUsage, readonly KeyOperation[]>> = {
  digitalSignature: signing,
  nonRepudiation: signing,
  keyCertSign: signing,
  cRLSign: signing,
  keyEncipherment: ['wrapKey', 'unwrapKey'],
  dataEncipherment: ['encrypt', 'decrypt'],
  encipherOnly: ['encrypt'],
  decipherOnly: ['decrypt'],
  keyAgreement: [],
}

/** Refuses a new certificate while another is being made, with the code of a refusal (*Monitor and manage certificate creation*). */
export function refuseUnderway(operation: Pick<Operation, 'status'> | undefined): void {
  if (operation?.status !== 'inProgress') return
  const words =
    "A new key vault certificate can not be created or imported while a pending key vault certificate's status is inProgress."
  throw new Fault('conflict', words, { kind: 'pending-certificate' })
}

/** Refuses to merge where an issuer is at work (*Monitor and manage certificate creation*). */
export function refuseMerging({ status, issuer }: Pick<Operation, 'status' | 'issuer'>): void {
  if (status === 'completed')
    throw new Fault('disabled', 'Pending status must be in progress to allow update.', notDisabled)
  if (status !== 'inProgress' || isUnknown(issuer)) return
  const words = `Merge is forbidden on pending object created with issuer : ${issuer.name} while it is in progess.`
  throw new Fault('disabled', words, notDisabled)
}

/** Refuses to call off what isn't under way. */
export function refuseCallingOff({ status }: Pick<Operation, 'status'>): void {
  if (status === 'inProgress') return
  throw new Fault('disabled', 'Pending status must be in progress to allow update.', notDisabled)
}

/** It is the state that forbids it, and nothing is disabled: the wire has no inner code for these. */
const notDisabled = { inner: '' } as const

export const noSuchOperation = (name: string): Fault =>
  new Fault('not-found', `Pending certificate not found: ${name}`, { kind: 'no-pending-certificate' })

/** A certificate takes the names of a key and a secret along; they must be free, or its own already. */
export const isTaken = (object: 'key' | 'secret', name: string): Fault =>
  new Fault('conflict', `There is a ${object} ${name} that belongs to no certificate, so none can have its name.`, {
    about: name,
  })
