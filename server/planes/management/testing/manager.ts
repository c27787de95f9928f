import type { Heard, House } from '../../../testing/house.ts'

/** Resource Manager in a house, as the developer or another caller asks it; for tests. */
export type Manager = {
  /** Below the subscription: `/resourceGroups/demo`. */
  ask(method: string, path: string, body?: unknown, given?: { token?: string; query?: string }): Promise<Heard>
  readonly token: string
  readonly subscription: string
}

export const managementHost = 'management.cardea.internal'
export const managementAudience = `https://${managementHost}`

export async function managerOf(house: House): Promise<Manager> {
  const token = await house.developerToken(managementAudience)
  const { subscription } = house.cardea.installation
  return {
    token,
    subscription,
    ask: (method, path, body, given = {}) => {
      const [bare, query = ''] = path.split('?') as [string, string?]
      const asked = given.query ?? `api-version=2024-11-01${query === '' ? '' : `&${query}`}`
      return house.ask(managementHost, method, `/subscriptions/${subscription}${bare}?${asked}`, {
        token: given.token ?? token,
        ...(body !== undefined && { body }),
      })
    },
  }
}

/** Resource Manager, asked in one of its versions by whole resource ids. */
export const askingIn =
  (version: string, house: () => House) => async (method: string, path: string, body?: unknown, token?: string) =>
    house().ask(managementHost, method, `${path}?api-version=${version}`, {
      token: token ?? (await house().developerToken(managementAudience)),
      ...(body !== undefined && { body }),
    })

/** The resource group that every house has. */
export const groupOf = ({ cardea }: House): string =>
  `/subscriptions/${cardea.installation.subscription}/resourceGroups/demo`

export const vaultPath = (name: string, group = 'demo'): string =>
  `/resourceGroups/${group}/providers/Microsoft.KeyVault/vaults/${name}`
export const storePath = (name: string, group = 'demo'): string =>
  `/resourceGroups/${group}/providers/Microsoft.AppConfiguration/configurationStores/${name}`
