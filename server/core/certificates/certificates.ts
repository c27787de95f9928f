import { Fault } from '#base/fault.ts'
import type { Caller } from '#core/identity/caller.ts'
import { deleteManagedKey, enableManagedKey, purgeManagedKey, recoverManagedKey } from '#core/keys/managed.ts'
import { type Deletion, noSuchObject, withDraft } from '#core/objects/object.ts'
import type { Kept, Slice } from '#core/objects/object-tables.ts'
import {
  deletedObject,
  deleteObject,
  headForVersion,
  missing,
  purgeObject,
  recoverObject,
  settleObject,
  subjectOf,
} from '#core/objects/objects.ts'
import type { Scope, Sight, Writing } from '#core/perform.ts'
import { unschedule } from '#core/schedule/schedule.ts'
import {
  deleteManagedSecret,
  enableManagedSecret,
  purgeManagedSecret,
  recoverManagedSecret,
} from '#core/secrets/managed.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type Asked, ask, liveCertificate, policyToAsk, refuseOutdated } from './asking.ts'
import {
  type Certificate,
  type CertificateDraft,
  type CertificateVersion,
  type DeletedCertificate,
  type Operation,
  refuseUnderway,
} from './certificate.ts'
import { certificateTables, keepAttributes } from './certificate-rows.ts'
import { keepPolicy, life, openCertificate, policyOf, tellOf } from './holding.ts'
import { awaitLifetime, forgetLifetime, pauseLifetime } from './lifetime.ts'
import { importedPolicy, type Policy, type PolicyDraft, policyFrom, type Sayings } from './policy.ts'
import { publish, type Ready } from './publishing.ts'
import { operationRows, policyRows } from './sealed-rows.ts'
import { issuing, operationOf } from './underway.ts'

export { life, resourceOf } from './holding.ts'

/**
 * Asks for a certificate, or for the next version of one, by a policy: the one that is given, else the one that is kept. The
 * key was made before the turn. An operation says how far it is.
 */
export async function createCertificate(
  scope: Scope<'certificates/create'>,
  caller: Caller,
  vault: Vault,
  name: string,
  draft: CertificateDraft & { readonly policy?: PolicyDraft | undefined },
  asked: Asked,
): Promise<Operation> {
  const policy = await policyToAsk(scope, vault, name, draft.policy, scope.at)
  refuseOutdated(name, policy, asked)
  return ask(scope, vault, name, caller, draft, { ...asked, policy })
}

/** A certificate that is brought along with its private key, prepared to be kept. */
export type Importing = Ready & { readonly policy: PolicyDraft; readonly says: Sayings }

/** Takes in a certificate with its key, as the next version of its name. */
export async function importCertificate(
  scope: Scope<'certificates/import'>,
  vault: Vault,
  name: string,
  draft: CertificateDraft,
  { policy: said, ...ready }: Importing,
): Promise<Certificate> {
  const { sql, at, meet } = scope
  const head = await headForVersion(life, sql, vault, name, 'import')
  refuseUnderway(await operationOf(scope, vault, name))
  if (ready.says.notAfter <= at) {
    throw new Fault('invalid', 'The certificate has expired, so it can not be imported.', { where: 'value' })
  }
  const { shape } = ready.made.key
  if (shape.type === 'oct') throw new Error('A symmetric key has no certificate.')
  const policy = importedPolicy(said, ready.says, shape, at)
  const created = (await policyOf(scope, vault, name))?.created ?? at
  await keepPolicy(scope, vault, name, { ...policy, created })
  // What became of an earlier request is of no interest any more.
  await operationRows.drop(sql, vault.name, name)
  const { version } = await publish(scope, vault, head?.name ?? name, draft, ready)
  meet(version)
  return openVersion(scope, vault, name, version)
}

async function openVersion(
  sealing: Pick<Sight<never>, 'sql' | 'keyring'>,
  vault: Vault,
  name: string,
  version: string | undefined,
): Promise<Certificate> {
  const kept = await certificateTables.keptVersion(sealing.sql, vault.name, name, version)
  if (kept === undefined) throw noSuchVersion(name, version)
  return openCertificate(sealing, vault, kept)
}

/** Key Vault names a version of a certificate by another path than one of a secret (recorded answers of *Get Certificate*). */
const noSuchVersion = (name: string, version: string | undefined): Fault =>
  noSuchObject('certificate', name, version && `versions/${version}`)

/** A version, the latest if none is named; also a disabled one: nothing secret is in it. */
export async function getCertificate(
  sight: Sight<'certificates/read'>,
  vault: Vault,
  name: string,
  version?: string,
): Promise<Certificate> {
  const certificate = await openVersion(sight, vault, name, version)
  sight.meet(certificate.version)
  return certificate
}

/** Changes what is said of a version. Its key and its secret are enabled and disabled with it. */
export async function updateCertificate(
  scope: Scope<'certificates/update'>,
  vault: Vault,
  name: string,
  version: string | undefined,
  { enabled, tags }: Pick<CertificateDraft, 'enabled' | 'tags'>,
): Promise<Certificate> {
  const { sql, at, meet, tell } = scope
  const kept = await certificateTables.keptVersion(sql, vault.name, name, version)
  if (kept === undefined) throw await missing(life, sql, vault, name, version && `versions/${version}`)
  meet(kept.object.version)
  if (enabled === true && kept.object.thumbprint === undefined) {
    throw new Fault('conflict', `The certificate ${name} is not issued yet, so it can not be enabled.`, { about: name })
  }
  const changed = withDraft('certificate', kept.object, { enabled, tags }, at)
  await keepAttributes(sql, vault.name, changed)
  await enableManagedKey(scope, vault, changed)
  await enableManagedSecret(scope, vault, changed)
  tell(tellOf(vault, 'certificate-updated', changed))
  if ((await certificateTables.headOf(sql, vault.name, name))?.version === changed.version) {
    await awaitLifetime(scope, vault, changed)
  }
  return openCertificate(scope, vault, { ...kept, object: changed })
}

/** A name as it is spelt, and its policy. */
type PolicyOfCertificate = { readonly name: string; readonly policy: Policy }

/** The policy of a live certificate, by which its next version is made. */
export async function getPolicy(
  sight: Sight<'certificates/read'>,
  vault: Vault,
  name: string,
): Promise<PolicyOfCertificate> {
  const { kept, policy } = await liveCertificate(sight, vault, name)
  return { name: kept.object.name, policy }
}

/** Changes the policy for the versions to come; what is to happen before the end of the present one changes at once. */
export async function updatePolicy(
  scope: Scope<'certificates/update'>,
  vault: Vault,
  name: string,
  draft: PolicyDraft,
): Promise<PolicyOfCertificate> {
  const { kept, policy: before } = await liveCertificate(scope, vault, name)
  const policy = policyFrom(draft, scope.at, before)
  await keepPolicy(scope, vault, name, policy)
  await awaitLifetime(scope, vault, kept.object)
  return { name: kept.object.name, policy }
}

/** Deletes a certificate with its key and its secret; until their purge they can be recovered. What was under way with it ends. */
export async function deleteCertificate(
  scope: Scope<'certificates/delete'>,
  vault: Vault,
  name: string,
  delayMs = 0,
): Promise<DeletedCertificate> {
  const kept = await deleteObject(life, scope, vault, name, delayMs)
  await deleteManagedKey(scope, vault, name, delayMs)
  await deleteManagedSecret(scope, vault, name, delayMs)
  await operationRows.drop(scope.sql, vault.name, name)
  await unschedule(scope.turn, issuing, subjectOf(vault, name))
  await pauseLifetime(scope.turn, vault, name)
  scope.tell(tellOf(vault, 'certificate-deleted', kept.object))
  return withDeletion(scope, vault, kept)
}

async function withDeletion(
  sealing: Pick<Sight<never>, 'sql' | 'keyring'>,
  vault: Vault,
  kept: Kept<CertificateVersion & Deletion>,
): Promise<DeletedCertificate> {
  const { deleted, purge } = kept.object
  return { ...(await openCertificate(sealing, vault, kept)), deleted, purge }
}

/** A deleted certificate, with its latest version. */
export const getDeletedCertificate = async (
  sight: Sight<'certificates/read'>,
  vault: Vault,
  name: string,
): Promise<DeletedCertificate> => withDeletion(sight, vault, await deletedObject(life, sight.sql, vault, name))

/** Makes a deleted certificate live again, with its key and its secret, in all their versions. */
export async function recoverCertificate(
  scope: Scope<'certificates/recover'>,
  vault: Vault,
  name: string,
  delayMs = 0,
): Promise<Certificate> {
  const { isBack, ...kept } = await recoverObject(life, scope, vault, name, delayMs)
  await recoverManagedKey(scope, vault, name, delayMs)
  await recoverManagedSecret(scope, vault, name, delayMs)
  if (isBack) await broughtBack(scope, vault, kept.object)
  return openCertificate(scope, vault, kept)
}

async function broughtBack(writing: Writing, vault: Vault, certificate: CertificateVersion): Promise<void> {
  await awaitLifetime(writing, vault, certificate)
  writing.tell(tellOf(vault, 'certificate-recovered', certificate))
}

/** Takes a deleted certificate away for good, with its key and its secret. With purge protection only time can. */
export async function purgeCertificate(
  scope: Scope<'certificates/purge'>,
  vault: Vault,
  name: string,
  delayMs = 0,
): Promise<void> {
  const purged = await purgeObject(life, scope, vault, name, delayMs)
  await purgeManagedKey(scope, vault, name, delayMs)
  await purgeManagedSecret(scope, vault, name, delayMs)
  await policyRows.drop(scope.sql, vault.name, name)
  await forgetLifetime(scope.turn, vault, name)
  scope.tell(tellOf(vault, 'certificate-purged', purged))
}

/** The delay of a change is over: now it is to be seen. */
export async function settleCertificate(writing: Writing, vault: Vault, name: string): Promise<void> {
  const back = await settleObject(life, writing.sql, vault, name)
  if (back !== undefined) await broughtBack(writing, vault, back)
}

type WithPending = Slice & { readonly includesPending: boolean }
/** Until its first version is issued, a certificate is listed only where those are asked for, too. */
const having = ({ after, limit, includesPending }: WithPending) => ({
  ...{ after, limit },
  having: includesPending ? undefined : ('thumbprint' as const),
})

/** Names in order, with the attributes of their latest version. */
export const listCertificates = (
  { sql }: Sight<'certificates/read'>,
  vault: Vault,
  slice: WithPending,
): Promise<CertificateVersion[]> => certificateTables.listHeads(sql, vault.name, { ...having(slice), deleted: false })

/** Deleted names in order. */
export const listDeletedCertificates = (
  { sql }: Sight<'certificates/read'>,
  vault: Vault,
  slice: WithPending,
): Promise<(CertificateVersion & Deletion)[]> =>
  certificateTables.listHeads(sql, vault.name, { ...having(slice), deleted: true }) as Promise<
    (CertificateVersion & Deletion)[]
  >

/** A name's versions in the order of their ids, as Key Vault lists them; none for a name that isn't there. */
export const listCertificateVersions = (
  { sql }: Sight<'certificates/read'>,
  vault: Vault,
  name: string,
  slice: Slice,
): Promise<CertificateVersion[]> =>
  certificateTables.listVersions(sql, vault.name, name, { ...slice, having: 'thumbprint' })
