import type { Sql } from '#base/sql.ts'
import { principalByApp } from './directory.ts'
import { machineAppId, type Principal } from './principal.ts'

/** Which identity a program on this machine asks to be: the machine's own, or a user-assigned one by one of its names. */
export type WantedIdentity =
  | { readonly by: 'machine' }
  | { readonly by: 'client' | 'object' | 'resource'; readonly id: string }

/** A managed identity, and the Azure resource that it is, if it is one. */
export type MachineIdentity = { readonly principal: Principal; readonly resourceId: string | undefined }

type Machine = {
  /** The client ids of the user-assigned identities that programs here may be. */
  readonly allowed: readonly string[]
  readonly resourceOf: (sql: Sql, principal: string) => Promise<string | undefined>
}

/**
 * The identity that a program on this machine may be, looked up each time so that it can be switched off. Only those that
 * the operator allowed here are given, by whichever of their names.
 */
export async function machineIdentity(
  sql: Sql,
  { allowed, resourceOf }: Machine,
  wanted: WantedIdentity,
): Promise<MachineIdentity | undefined> {
  for (const appId of [machineAppId, ...allowed]) {
    const principal = await principalByApp(sql, appId)
    if (principal === undefined || principal.kind !== 'managed-identity' || !principal.enabled) continue
    const resourceId = await resourceOf(sql, principal.objectId)
    if (isWanted({ principal, resourceId }, wanted)) return { principal, resourceId }
  }
  return undefined
}

function isWanted({ principal, resourceId }: MachineIdentity, wanted: WantedIdentity): boolean {
  switch (wanted.by) {
    case 'machine':
      return principal.appId === machineAppId
    case 'client':
      return principal.appId === wanted.id.toLowerCase()
    case 'object':
      return principal.objectId === wanted.id.toLowerCase()
    case 'resource':
      return resourceId?.toLowerCase() === wanted.id.toLowerCase()
  }
}
