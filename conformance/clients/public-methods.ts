import type { AppConfigurationClient } from '@azure/app-configuration'
import type { AzureAppConfiguration } from '@azure/app-configuration-provider'

/**
 * Every public member of Azure's client and of what its provider loads. The compiler keeps the lists: a newer library with
 * another member doesn't compile until somebody uses it.
 */
const client = {
  addConfigurationSetting: true,
  archiveSnapshot: true,
  beginCreateSnapshot: true,
  beginCreateSnapshotAndWait: true,
  checkConfigurationSettings: true,
  deleteConfigurationSetting: true,
  getConfigurationSetting: true,
  getSnapshot: true,
  listConfigurationSettings: true,
  listConfigurationSettingsForSnapshot: true,
  listLabels: true,
  listRevisions: true,
  listSnapshots: true,
  recoverSnapshot: true,
  setConfigurationSetting: true,
  setReadOnly: true,
  updateSyncToken: true,
} satisfies Record<keyof AppConfigurationClient, true>

const loaded = {
  constructConfigurationObject: true,
  entries: true,
  forEach: true,
  get: true,
  has: true,
  keys: true,
  onRefresh: true,
  refresh: true,
  size: true,
  [Symbol.iterator]: true,
  values: true,
} satisfies Record<keyof AzureAppConfiguration, true>

const members = { client, loaded }
const nameOf = (kind: keyof typeof members, member: string | symbol): string => `${kind}.${String(member)}`
export const publicMethods: readonly string[] = Object.entries(members).flatMap(([kind, all]) =>
  Reflect.ownKeys(all).map((member) => nameOf(kind as keyof typeof members, member)),
)

/** Calls back for each member of something that its user uses; not for what it calls of its own. */
export function watched<T extends object>(kind: keyof typeof members, one: T, use: (name: string) => void): T {
  const known = new Set(Reflect.ownKeys(members[kind]))
  return new Proxy(one, {
    get(target, member) {
      if (known.has(member)) use(nameOf(kind, member))
      const value: unknown = Reflect.get(target, member, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
