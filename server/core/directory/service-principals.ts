import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { applicationByAppId, joinPrincipal } from '#core/identity/applications.ts'
import { credentialsHeldBy, principalByApp } from '#core/identity/directory.ts'
import { amendEntry, enter, entriesAfter } from '#core/identity/entries.ts'
import type { Entry } from '#core/identity/entry.ts'
import type { Credential } from '#core/identity/principal.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { merged } from './applications.ts'
import { depart } from './departure.ts'
import { disempowering } from './escalation.ts'
import { type Key, serviceKinds, theEntry } from './look-up.ts'
import { resourceOfIdentity } from './managed-identities.ts'
import { keepSignIn } from './sign-in.ts'
import { workloadRowOf } from './workload-rows.ts'

/** A service principal, with what proves it and the other names it has. */
export type HeldServicePrincipal = Entry & {
  readonly credentials: readonly Credential[]
  /** What its application is called, and by which URIs. */
  readonly application: { readonly name: string; readonly identifierUris: readonly string[] } | undefined
  /** The Azure resource that a managed identity is, or of which it is the own. */
  readonly resource: { readonly id: string; readonly explicit: boolean } | undefined
}

type Reading = { readonly sql: Sql; readonly keyring: Keyring }

const whole = async ({ sql, keyring }: Reading, entry: Entry): Promise<HeldServicePrincipal> => ({
  ...entry,
  credentials: await credentialsHeldBy(sql, entry.objectId),
  application: entry.kind === 'application' ? await applicationByAppId(sql, keyring, entry.appId) : undefined,
  resource: entry.kind === 'managed-identity' ? await resourceAround({ sql, keyring }, entry) : undefined,
})

async function resourceAround(reading: Reading, { objectId }: Entry): Promise<HeldServicePrincipal['resource']> {
  const own = await resourceOfIdentity(reading, objectId)
  if (own !== undefined) return { id: own, explicit: true }
  const workload = await workloadRowOf(reading.sql, objectId)
  return workload && { id: workload.resourceId, explicit: false }
}

export const getServicePrincipal = async (sight: Sight<'directory/read'>, key: Key): Promise<HeldServicePrincipal> =>
  whole(sight, await theEntry(sight, key, ...serviceKinds))

/** Service principals in the order of their ids. */
export async function listServicePrincipals(
  sight: Sight<'directory/read'>,
  after: string,
  limit: number,
): Promise<HeldServicePrincipal[]> {
  const entries = await entriesAfter(sight.sql, sight.keyring, serviceKinds, after, limit)
  return Promise.all(entries.map((entry) => whole(sight, entry)))
}

type ServicePrincipalChange = {
  readonly name?: string | undefined
  readonly enabled?: boolean | undefined
  readonly details: Readonly<Record<string, unknown>>
}

/** Lets somebody act for an application that is registered here. Each has one at most. */
export async function createServicePrincipal(
  { sql, turn, keyring }: Scope<'service-principals/create'>,
  appId: string,
  { name, enabled = true, details }: ServicePrincipalChange,
): Promise<HeldServicePrincipal> {
  const application = await applicationByAppId(sql, keyring, appId)
  if (application === undefined) {
    const present = await principalByApp(sql, keyring, appId)
    throw present === undefined
      ? new Fault('invalid', `The appId '${appId}' of the service principal does not reference an application here.`, {
          where: 'appId',
        })
      : new Fault('conflict', `The service principal name ${appId} is already in use.`, { where: 'appId' })
  }
  const entry = await enter(turn, keyring, {
    appId: application.appId,
    name: name ?? application.name,
    kind: 'application',
    enabled,
    userPrincipalName: undefined,
    details: merged({}, details),
  })
  await joinPrincipal(turn, keyring, application.objectId, entry.objectId)
  await keepSignIn(turn, keyring, { ...application, principal: entry.objectId })
  return whole({ sql, keyring }, entry)
}

/** Changes a service principal; switched off, it may do nothing from the moment this is answered. */
export async function updateServicePrincipal(
  scope: Scope<'service-principals/update'>,
  key: Key,
  { name, enabled, details }: ServicePrincipalChange,
): Promise<void> {
  const before = await theEntry(scope, key, ...serviceKinds)
  const after = {
    ...before,
    name: name ?? before.name,
    enabled: enabled ?? before.enabled,
    details: merged(before.details, details),
  }
  const amend = () => amendEntry(scope.turn, scope.keyring, after)
  await (after.enabled === before.enabled ? amend() : disempowering(scope, before.objectId, amend))
}

/** Takes a service principal away, with what it was allowed; its application stays. */
export async function deleteServicePrincipal(scope: Scope<'service-principals/delete'>, key: Key): Promise<void> {
  const { objectId, kind } = await theEntry(scope, key, ...serviceKinds)
  // Its resource would be left without anybody to act as it.
  if (kind === 'managed-identity') {
    throw new Fault('invalid', 'A managed identity goes with its resource. Delete that instead.')
  }
  await disempowering(scope, objectId, () => depart(scope.turn, objectId))
}
