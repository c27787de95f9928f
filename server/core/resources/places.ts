import type { Sql } from '#base/sql.ts'
import { liveStore, liveVault } from '#core/vaults/vaults.ts'
import { keptGroup } from './group-rows.ts'
import { resourceIdAt } from './resources.ts'

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
  const name = (await keptGroup(sql, group))?.name
  if (name === undefined) return undefined
  if (namespace === undefined) return `${top}/resourceGroups/${name}`
  const kind = `${namespace}/${type}`.toLowerCase()
  const asked = `${top}/resourceGroups/${name}/providers/${kind}/${resource}`.toLowerCase()
  const known =
    kind === 'microsoft.keyvault/vaults'
      ? (await liveVault(sql, resource.toLowerCase()))?.resourceId
      : kind === 'microsoft.appconfiguration/configurationstores'
        ? (await liveStore(sql, resource.toLowerCase()))?.resourceId
        : await resourceIdAt(sql, name, asked)
  if (known === undefined || known.toLowerCase() !== asked) return undefined
  if (childType === undefined) return known
  const collection = inVaults.find((one) => one === childType.toLowerCase())
  return kind === 'microsoft.keyvault/vaults' && collection !== undefined && objectName.test(child)
    ? `${known}/${collection}/${child}`
    : undefined
}
