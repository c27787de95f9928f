import type { Sealing } from '#core/objects/held.ts'
import { subjectOf } from '#core/objects/objects.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { scheduleAt, unschedule } from '#core/schedule/schedule.ts'
import type { Vault } from '#core/vaults/vault.ts'
import {
  type Certificate,
  type CertificateDraft,
  noSuchOperation,
  type Operation,
  refuseCallingOff,
  refuseMerging,
} from './certificate.ts'
import { certificateTables } from './certificate-rows.ts'
import { openCertificate } from './holding.ts'
import { publish, type Ready } from './publishing.ts'
import { operationRows } from './sealed-rows.ts'
import { issuing, keepOperation, operationOf, shownOf, type Underway } from './underway.ts'

/** What is under way with a live certificate, or has ended and wasn't taken away. */
export async function liveOperation(sealing: Sealing, vault: Vault, name: string): Promise<Underway> {
  const head = await certificateTables.headOf(sealing.sql, vault.name, name)
  const operation = head?.deletion === undefined ? await operationOf(sealing, vault, name) : undefined
  if (operation === undefined) throw noSuchOperation(name)
  return operation
}

/** How far a certificate is that was asked for; by a request id, only if it is that one. */
export async function getOperation(
  sight: Sight<'certificates/read'>,
  vault: Vault,
  name: string,
  requestId?: string,
): Promise<Operation> {
  const operation = await liveOperation(sight, vault, name)
  if (requestId !== undefined && requestId.toLowerCase() !== operation.requestId) throw noSuchOperation(name)
  return shownOf(operation)
}

/** Calls an operation off. It ends when whoever issues looks next: until then it is under way (*Update Certificate Operation*). */
export async function cancelOperation(
  scope: Scope<'certificates/update'>,
  vault: Vault,
  name: string,
): Promise<Operation> {
  const operation = await liveOperation(scope, vault, name)
  refuseCallingOff(operation)
  const changed = { ...operation, isCallingOff: true }
  await keepOperation(scope, vault, changed)
  await scheduleAt(scope.turn, issuing, subjectOf(vault, name), scope.at)
  return shownOf(changed)
}

/** Forgets an operation, wherever it has come to, and its key if that has no certificate yet. */
export async function deleteOperation(
  scope: Scope<'certificates/update'>,
  vault: Vault,
  name: string,
): Promise<Operation> {
  const operation = await liveOperation(scope, vault, name)
  await operationRows.drop(scope.sql, vault.name, name)
  await unschedule(scope.turn, issuing, subjectOf(vault, name))
  return shownOf(operation)
}

/** A certificate that somebody else issued for the request of an operation, prepared to be kept. */
export type Merging = Ready & { readonly requestId: string }

/** Ends an operation with the certificate that somebody brings for it. */
export async function mergeCertificate(
  scope: Scope<'certificates/create'>,
  vault: Vault,
  name: string,
  draft: CertificateDraft,
  merging: Merging,
): Promise<Certificate> {
  const operation = await liveOperation(scope, vault, name)
  // Another one was begun while this certificate was being looked at.
  if (operation.requestId !== merging.requestId) throw noSuchOperation(name)
  refuseMerging(operation)
  const { enabled = operation.draft.enabled, tags = operation.draft.tags } = draft
  const { version } = await publish(scope, vault, operation.name, { enabled, tags }, merging)
  scope.meet(version)
  await completed(scope, vault, operation)
  const kept = await certificateTables.keptVersion(scope.sql, vault.name, name, version)
  if (kept === undefined) throw new Error(`The version ${version} of the certificate ${name} isn't there`)
  return openCertificate(scope, vault, kept)
}

/** Keeps that an operation has come to its good end; its key is the certificate's now. */
export const completed = (sealing: Sealing, vault: Vault, operation: Underway): Promise<void> =>
  keepOperation(sealing, vault, { ...operation, status: 'completed', trouble: undefined, made: undefined })
