import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Heard, House, Newcomer } from '../../../testing/house.ts'
import { groupOf, managementAudience, managementHost, vaultPath } from './manager.ts'

/** Roles in a house: who has which, and what they may by it; for tests. */
export const version = 'api-version=2022-04-01'
export const assignments = (scope: string): string =>
  `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleAssignments`
export const definitions = (scope: string): string =>
  `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleDefinitions`
export const code = ({ json }: Heard): string => json.error.code

/** Where roles are given; in the vault are two secrets. */
export async function placesOf(house: House) {
  const token = await house.developerToken()
  for (const name of ['orders-db', 'prod-db']) {
    const target = `/secrets/${name}?api-version=7.4`
    const set = await house.ask(house.vaultHost, 'PUT', target, { token, body: { value: 'v' } })
    assert.equal(set.status, 200, set.text)
  }
  return { subscription: subscriptionOf(house), group: groupOf(house), vault: vaultOf(house) }
}
const subscriptionOf = ({ cardea }: House): string => `/subscriptions/${cardea.installation.subscription}`
const vaultOf = (house: House): string => `${subscriptionOf(house)}${vaultPath('demo')}`

type Wanted = { scope?: string; id?: string; token?: string; more?: object }

/** Asks as the developer, or with another's token. */
export function rolesOf(here: () => { readonly house: House; readonly token: string }) {
  const ask = (method: string, path: string, given: { token?: string; body?: unknown } = {}): Promise<Heard> => {
    const { house, token } = here()
    return house.ask(managementHost, method, `${path}${path.includes('?') ? '&' : '?'}${version}`, { token, ...given })
  }
  return {
    ask,
    assign(who: string, role: { id: string }, given: Wanted = {}): Promise<Heard> {
      const { house, token } = here()
      const { scope = vaultOf(house), id = randomUUID(), token: by = token, more = {} } = given
      const roleDefinitionId = `${definitions(subscriptionOf(house))}/${role.id}`
      const body = { properties: { roleDefinitionId, principalId: who, ...more } }
      return ask('PUT', `${assignments(scope)}/${id}`, { token: by, body })
    },
    async somebody(name = 'somebody') {
      const newcomer = await here().house.newcomer(`${name} ${randomUUID()}`)
      return { newcomer, id: newcomer.principal.objectId, manages: await newcomer.token(managementAudience) }
    },
    async read(who: Newcomer, path = '/secrets/orders-db'): Promise<Heard> {
      const { house } = here()
      return house.ask(house.vaultHost, 'GET', `${path}?api-version=7.4`, { token: await who.token() })
    },
  }
}
