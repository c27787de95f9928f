import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Application } from '#core/identity/application.ts'
import {
  addOwner,
  amendApplication,
  applicationsAfter,
  dropOwner,
  forgetApplication,
  ownersOf,
  partPrincipal,
  registerApplication,
} from '#core/identity/applications.ts'
import { credentialsHeldBy, dropCredentialsOf, principalById } from '#core/identity/directory.ts'
import type { Entry } from '#core/identity/entry.ts'
import { dropFederatedOf } from '#core/identity/federated-credentials.ts'
import type { Credential } from '#core/identity/principal.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { type GivenCertificate, replaceCertificates } from './credentials.ts'
import { depart } from './departure.ts'
import { disempowering } from './escalation.ts'
import { type Key, noSuchObject, serviceKinds, theApplication, theEntry } from './look-up.ts'
import { keepSignIn } from './sign-in.ts'

/** An application, with what proves it. */
export type HeldApplication = Application & { readonly credentials: readonly Credential[] }

const withCredentials = async (sql: Sql, application: Application): Promise<HeldApplication> => ({
  ...application,
  credentials: await credentialsHeldBy(sql, application.objectId),
})

/** An application with its credentials; their secrets are never shown again. */
export const getApplication = async (sight: Sight<'directory/read'>, key: Key): Promise<HeldApplication> =>
  withCredentials(sight.sql, await theApplication(sight, key))

/** Applications in the order of their ids. */
export async function listApplications(
  { sql, keyring }: Sight<'directory/read'>,
  after: string,
  limit: number,
): Promise<HeldApplication[]> {
  const applications = await applicationsAfter(sql, keyring, after, limit)
  return Promise.all(applications.map((one) => withCredentials(sql, one)))
}

type ApplicationChange = {
  readonly name?: string | undefined
  readonly identifierUris?: readonly string[] | undefined
  /** Members to set; null takes one away. */
  readonly details: Readonly<Record<string, unknown>>
  readonly certificates?: readonly GivenCertificate[] | undefined
}

/** What an application says of itself may not grow without end. */
const detailsCharactersMax = 65_536

/** What was told before, with what is told now; null takes a member away. */
export function merged(
  before: Readonly<Record<string, unknown>>,
  told: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const said = Object.entries(told).filter(([, value]) => value !== undefined)
  const all = Object.entries({ ...before, ...Object.fromEntries(said) })
  const details = Object.fromEntries(all.filter(([, value]) => value !== null))
  if (JSON.stringify(details).length > detailsCharactersMax) {
    throw new Fault('invalid', `What is told of an object may have at most ${detailsCharactersMax} characters of JSON.`)
  }
  return details
}

/** Registers an application under ids that nobody had before. */
export async function createApplication(
  scope: Scope<'applications/create'>,
  { name, identifierUris = [], details, certificates = [] }: ApplicationChange & { readonly name: string },
): Promise<HeldApplication> {
  const told = { name, identifierUris, details: merged({}, details) }
  const application = await registerApplication(scope.turn, scope.keyring, told)
  if (certificates.length > 0) await replaceCertificates(scope, application, certificates)
  return withCredentials(scope.sql, application)
}

/** Changes what is named of an application; certificates are replaced as a whole. */
export async function updateApplication(
  scope: Scope<'applications/update'>,
  key: Key,
  { name, identifierUris, details, certificates }: ApplicationChange,
): Promise<void> {
  const before = await theApplication(scope, key)
  const application = {
    ...before,
    name: name ?? before.name,
    identifierUris: identifierUris ?? before.identifierUris,
    details: merged(before.details, details),
  }
  await amendApplication(scope.turn, scope.keyring, application)
  await keepSignIn(scope.turn, scope.keyring, application)
  if (certificates !== undefined) await replaceCertificates(scope, before, certificates)
}

/** Takes an application away for good, with its credentials, its service principal and what that was allowed. */
export async function deleteApplication(scope: Scope<'applications/delete'>, key: Key): Promise<void> {
  const { turn } = scope
  const { objectId, principal } = await theApplication(scope, key)
  if (principal !== undefined) {
    await disempowering(scope, principal, async () => {
      await partPrincipal(turn, principal)
      await depart(turn, principal)
    })
  }
  await dropCredentialsOf(turn, objectId)
  await dropFederatedOf(turn, objectId)
  await forgetApplication(turn, objectId)
  turn.changeAccess()
}

/** Who owns an application: whom to ask about it. Owning gives no rights. */
export async function listOwners(sight: Sight<'directory/read'>, key: Key): Promise<Entry[]> {
  const { sql, keyring } = sight
  const { objectId } = await theApplication(sight, key)
  const owners = await Promise.all((await ownersOf(sql, objectId)).map((owner) => principalById(sql, keyring, owner)))
  return owners.filter((owner) => owner !== undefined)
}

/** Makes a person or a service principal an owner; twice is refused, as Graph does. */
export async function addApplicationOwner(scope: Scope<'applications/update'>, key: Key, owner: string): Promise<void> {
  const { objectId } = await theApplication(scope, key)
  const entry = await theEntry(scope, { by: 'id', value: owner }, 'user', ...serviceKinds)
  if (!(await addOwner(scope.turn, objectId, entry.objectId))) {
    throw new Fault('invalid', "One or more added object references already exist for the property 'owners'.", {
      where: 'owners',
    })
  }
}

/** Takes an owner away. Throws when it was none. */
export async function removeApplicationOwner(
  scope: Scope<'applications/update'>,
  key: Key,
  owner: string,
): Promise<void> {
  const { objectId } = await theApplication(scope, key)
  if (!(await dropOwner(scope.turn, objectId, owner))) throw noSuchObject({ value: owner })
}
