import { newVault, type Vault } from '#core/vaults/vault.ts'
import { foundVault } from '#core/vaults/vaults.ts'
import type { Heard, House } from '../../../testing/house.ts'

/** A vault in a house, as the developer or another caller asks it; for tests. */
export type Asking = {
  /** The path, with the api-version if it isn't the newest: `/secrets/x`. */
  ask(method: string, path: string, body?: unknown, query?: string): Promise<Heard>
  /** Sets a secret, which must succeed. */
  set(name: string, value: string, more?: object): Promise<Heard>
}

export const newest = 'api-version=2026-04-01'

export const asking = (house: House, token: string, host = house.vaultHost): Asking => {
  const ask: Asking['ask'] = (method, path, body, query = newest) =>
    house.ask(host, method, `${path}?${query}`, { token, body })
  return {
    ask,
    async set(name, value, more = {}) {
      const heard = await ask('PUT', `/secrets/${name}`, { value, ...more })
      if (heard.status !== 200) throw new Error(`${name} was not set: ${heard.status} ${heard.text}`)
      return heard
    },
  }
}

/** Founds another vault beside the first one. */
export async function foundAnother(
  house: House,
  name: string,
  {
    subscription = house.cardea.installation.subscription,
    ...settings
  }: Partial<Pick<Vault, 'location' | 'retentionDays' | 'purgeProtection' | 'sku'>> & { subscription?: string } = {},
): Promise<string> {
  const { base } = house.cardea
  const resourceId = `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/${name}`
  await base.database.write((turn) => {
    const vault = newVault(resourceId, `vault/${name}`, { location: 'local', ...settings }, turn.at)
    return foundVault(turn, base.keyring, vault)
  })
  return `${name}.vault.${house.cardea.installation.domain}`
}

export const versionOf = ({ json }: Heard): string => json.id.split('/').at(-1)

/** How something was answered: its status, and the codes if it was refused. */
export const said = ({ status, json }: Heard): string =>
  [status, json?.error?.code, json?.error?.innererror?.code].filter((part) => part !== undefined).join(' ')
