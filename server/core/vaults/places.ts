import type { Sql } from '#base/sql.ts'
import { groupName } from './place-rows.ts'
import { storeByName, vaultByName } from './vault-rows.ts'

/** The parts of a resource id, as somebody spelled them. */
export type Place = {
  readonly subscription?: string | undefined
  readonly group?: string | undefined
  readonly namespace?: string | undefined
  readonly type?: string | undefined
  readonly resource?: string | undefined
  readonly childType?: string | undefined
  readonly child?: string | undefined
}

const objectName = /^[0-9a-z-]{1,127}$/i
const inVaults = ['secrets', 'keys', 'certificates']

/**
 * The resource id by which everybody knows a place, whoever spells it how; undefined where there is none. What lies in
 * a vault need not exist yet: rights to it are given before it is made.
 */
export async function canonicalPlace(sql: Sql, ours: string, place: Place): Promise<string | undefined> {
  const { subscription, group, namespace, type, resource = '', childType, child = '' } = place
  if (subscription === undefined) return '/'
  if (subscription.toLowerCase() !== ours) return undefined
  const top = `/subscriptions/${ours}`
  if (group === undefined) return top
  const name = await groupName(sql, group)
  if (name === undefined) return undefined
  if (namespace === undefined) return `${top}/resourceGroups/${name}`
  const kind = `${namespace}/${type}`.toLowerCase()
  const isVault = kind === 'microsoft.keyvault/vaults'
  if (!isVault && kind !== 'microsoft.appconfiguration/configurationstores') return undefined
  const found = await (isVault ? vaultByName : storeByName)(sql, resource.toLowerCase())
  const asked = `${top}/resourceGroups/${group}/providers/${kind}/${resource}`.toLowerCase()
  if (found === undefined || found.resourceId.toLowerCase() !== asked) return undefined
  if (childType === undefined) return found.resourceId
  const collection = inVaults.find((one) => one === childType.toLowerCase())
  return isVault && collection !== undefined && objectName.test(child)
    ? `${found.resourceId}/${collection}/${child}`
    : undefined
}
