import { Fault } from '#base/fault.ts'
import type { FederatedCredential, FederatedDraft } from '#core/identity/federated-credential.ts'
import { dropFederated, federatedHeldBy, keepFederated } from '#core/identity/federated-credentials.ts'
import { refuseLocked } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { mayAdminister, refuseEscalation } from './escalation.ts'
import { type Key, noSuchObject, theApplication } from './look-up.ts'
import { identityAt } from './managed-identities.ts'
import { noSuchResource } from './resource.ts'

/** Foreign identities that prove an application or a managed identity, as those who manage them see it. */

type Reading = Pick<Sight<never>, 'sql' | 'keyring'>

async function named(
  { sql, keyring }: Reading,
  holder: string,
  name: string,
): Promise<FederatedCredential | undefined> {
  const wanted = name.toLowerCase()
  const held = await federatedHeldBy(sql, keyring, holder)
  return held.find((one) => one.id === wanted || one.name.toLowerCase() === wanted)
}

/** The foreign identities by which an application may prove itself. */
export async function listFederated(sight: Sight<'directory/read'>, key: Key): Promise<FederatedCredential[]> {
  return federatedHeldBy(sight.sql, sight.keyring, (await theApplication(sight, key)).objectId)
}

/** One by its id or its name. */
export async function getFederated(
  sight: Sight<'directory/read'>,
  key: Key,
  name: string,
): Promise<FederatedCredential> {
  const found = await named(sight, (await theApplication(sight, key)).objectId, name)
  if (found === undefined) throw noSuchObject({ value: name })
  return found
}

/** Lets a foreign identity prove an application, for who may do all that the application may. */
export async function createFederated(
  scope: Scope<'applications/credentials'>,
  key: Key,
  draft: FederatedDraft,
): Promise<FederatedCredential> {
  const application = await theApplication(scope, key)
  await refuseEscalation(scope, application.principal)
  return keepFederated(scope.turn, scope.keyring, application.objectId, draft)
}

/** Changes what is named of one; its name stays. */
export async function updateFederated(
  scope: Scope<'applications/credentials'>,
  key: Key,
  name: string,
  change: { readonly [member in keyof FederatedDraft]?: FederatedDraft[member] | undefined },
): Promise<void> {
  const application = await theApplication(scope, key)
  await refuseEscalation(scope, application.principal)
  const before = await named(scope, application.objectId, name)
  if (before === undefined) throw noSuchObject({ value: name })
  const draft = {
    name: before.name,
    issuer: change.issuer ?? before.issuer,
    subject: change.subject ?? before.subject,
    audiences: change.audiences ?? before.audiences,
    description: change.description ?? before.description,
  }
  await keepFederated(scope.turn, scope.keyring, application.objectId, draft, before.id)
}

/** Lets a foreign identity prove an application no more. */
export async function deleteFederated(scope: Scope<'applications/credentials'>, key: Key, name: string): Promise<void> {
  const { objectId } = await theApplication(scope, key)
  const found = await named(scope, objectId, name)
  if (found === undefined) throw noSuchObject({ value: name })
  await dropFederated(scope.turn, objectId, found.id)
}

async function holderOf(reading: Reading, resourceId: string): Promise<string> {
  const found = await identityAt(reading, resourceId)
  if (found === undefined) throw noSuchResource(resourceId)
  return found.principal
}

/** The foreign identities by which a managed identity may be proved. */
export async function listIdentityCredentials(
  sight: Sight<'identity-credentials/read'>,
  resourceId: string,
): Promise<FederatedCredential[]> {
  return federatedHeldBy(sight.sql, sight.keyring, await holderOf(sight, resourceId))
}

/** One of them by its name. */
export async function getIdentityCredential(
  sight: Sight<'identity-credentials/read'>,
  resourceId: string,
  name: string,
): Promise<FederatedCredential> {
  const found = await named(sight, await holderOf(sight, resourceId), name)
  if (found === undefined) {
    throw new Fault('not-found', `The federated identity credential '${name.slice(0, 120)}' was not found.`)
  }
  return found
}

/** Adds a foreign identity to a managed identity, or puts it in the place of the one of this name. */
export async function putIdentityCredential(
  scope: Scope<'identity-credentials/write'>,
  resourceId: string,
  draft: FederatedDraft,
): Promise<{ readonly credential: FederatedCredential; readonly created: boolean }> {
  const holder = await holderOf(scope, resourceId)
  await refuseLocked(scope.sql, resourceId, 'write')
  // Who may assign roles where the identity lies decides about its rights anyhow; a Contributor does not.
  if (!mayAdminister(scope.permit) && !scope.permit.allows('roles/assign', resourceId)) {
    await refuseEscalation(scope, holder)
  }
  const before = await named(scope, holder, draft.name)
  const credential = await keepFederated(scope.turn, scope.keyring, holder, draft, before?.id)
  return { credential, created: before === undefined }
}

/** False when there was none. */
export async function deleteIdentityCredential(
  scope: Scope<'identity-credentials/delete'>,
  resourceId: string,
  name: string,
): Promise<boolean> {
  const holder = await holderOf(scope, resourceId)
  await refuseLocked(scope.sql, resourceId, 'delete')
  const found = await named(scope, holder, name)
  return found !== undefined && dropFederated(scope.turn, holder, found.id)
}
