import type { Sql } from '#base/sql.ts'
import { principalByApp, principalById } from '#core/identity/directory.ts'
import { machineAppId, type Principal } from '#core/identity/principal.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { resourceOfIdentity } from './managed-identities.ts'
import { workloadAt } from './workloads.ts'

/** By which of its names an identity is asked for. */
type Name = { readonly by: 'client' | 'object' | 'resource'; readonly id: string }
/** Which identity a program on this machine asks to be: the one that is meant anyhow, or one by its name. */
export type WantedIdentity = { readonly by: 'none' } | Name

/** A managed identity, and the Azure resource that it is or belongs to, if there is one. */
export type MachineIdentity = { readonly principal: Principal; readonly resourceId: string | undefined }

type Reading = { readonly sql: Sql; readonly keyring: Keyring }

/**
 * What the operator says of this machine, in lower case: the client ids of managed identities that programs here may be, and the
 * resource ids of the workloads that run here.
 */
export type Here = readonly string[]

const isWorkload = (id: string): boolean => id.startsWith('/')

/** The workloads that run here, by their resource ids. */
export const workloadsHere = (here: Here): readonly string[] => here.filter(isWorkload)

/**
 * The identity that a program on this machine may be, looked up each time so that it can be switched off. Only those that
 * the operator allowed here are given, by whichever of their names. Without a name it is that of the workload that runs here; of the
 * machine, where none does; and `several`, where it can't be told which is meant. A workload that has lost its identity is nobody:
 * its programs don't turn into the machine.
 */
export async function machineIdentity(
  reading: Reading,
  here: Here,
  wanted: WantedIdentity,
): Promise<MachineIdentity | 'several' | undefined> {
  if (wanted.by === 'none') {
    const [only = machineAppId, ...others] = workloadsHere(here)
    return others.length > 0 ? 'several' : identityCalled(reading, only)
  }
  for (const id of [machineAppId, ...here]) {
    const found = await identityCalled(reading, id)
    if (found !== undefined && isCalled(found, wanted)) return found
  }
  return undefined
}

/** The identity of one workload, for a program that is known to be of that one; by another's name it is nobody. */
export async function workloadIdentity(
  reading: Reading,
  workload: string,
  wanted: WantedIdentity,
): Promise<MachineIdentity | undefined> {
  const found = await identityCalled(reading, workload)
  return found !== undefined && (wanted.by === 'none' || isCalled(found, wanted)) ? found : undefined
}

async function identityCalled(reading: Reading, id: string): Promise<MachineIdentity | undefined> {
  const { sql, keyring } = reading
  if (!isWorkload(id)) {
    const principal = await principalByApp(sql, keyring, id)
    return principal && able(principal, await resourceOfIdentity(reading, principal.objectId))
  }
  const workload = await workloadAt(reading, id)
  const principal = workload?.identity && (await principalById(sql, keyring, workload.identity.objectId))
  return principal && able(principal, workload.resourceId)
}

const able = (principal: Principal, resourceId: string | undefined): MachineIdentity | undefined =>
  principal.kind === 'managed-identity' && principal.enabled ? { principal, resourceId } : undefined

function isCalled({ principal, resourceId }: MachineIdentity, { by, id }: Name): boolean {
  switch (by) {
    case 'client':
      return principal.appId === id.toLowerCase()
    case 'object':
      return principal.objectId === id.toLowerCase()
    case 'resource':
      return resourceId?.toLowerCase() === id.toLowerCase()
  }
}
