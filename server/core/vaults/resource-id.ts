/** The name at the end of a resource id, as it is spelled there. */
export const lastIn = (resourceId: string): string => resourceId.slice(resourceId.lastIndexOf('/') + 1)

/** The resource group in a resource id, as it is spelled there; empty where there is none. */
export const groupIn = (resourceId: string): string => /\/resourceGroups\/([^/]+)/i.exec(resourceId)?.[1] ?? ''

/** The same resource id with its group as the group itself is spelled. */
export const spelledIn = (resourceId: string, group: string): string =>
  resourceId.replace(/(\/resourceGroups\/)[^/]+/i, (_, before: string) => `${before}${group}`)

export const groupId = (subscription: string, group: string): string =>
  `/subscriptions/${subscription}/resourceGroups/${group}`
export const vaultIdIn = (group: string, name: string): string => `${group}/providers/Microsoft.KeyVault/vaults/${name}`
export const storeIdIn = (group: string, name: string): string =>
  `${group}/providers/Microsoft.AppConfiguration/configurationStores/${name}`
