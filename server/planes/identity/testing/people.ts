import { builtInRoles } from '@cardea/contract/roles'
import { enter } from '#core/identity/entries.ts'
import { choosePassword, setUserPassword } from '#core/identity/people.ts'
import type { Principal } from '#core/identity/principal.ts'
import { azureCliAppId } from '#core/identity/sign-in-clients.ts'
import type { Heard, House } from '../../../testing/house.ts'

export const vaultScope = 'https://vault.cardea.internal/.default offline_access openid profile'
/** What everybody here has chosen for a password. */
export const chosen = 'correct horse battery'
export type Fields = Record<string, string>

/** What it is called that went wrong, by OAuth and by Entra. */
export const codeOf = ({ json }: Heard): [string, number] => [json.error, json.error_codes?.[0]]

/** People of a house, and how programs get tokens for them; for tests. */
export function peopleOf(house: () => House) {
  const post = (form: Fields | string, path = '/adfs/oauth2/v2.0/token', headers: Fields = {}): Promise<Heard> =>
    house().ask(house().loginHost, 'POST', path, {
      body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  const get = (path: string): Promise<Heard> => house().ask(house().loginHost, 'GET', path)

  /** Somebody with a password, who may read the secrets of the demo vault. */
  const person = async (name: string): Promise<Principal & { readonly upn: string }> => {
    const { base, installation } = house().cardea
    const upn = `${name}@cardea.internal`
    const principal = await base.database.write(async (turn) => {
      const told = { name, kind: 'user', appId: '', enabled: true, userPrincipalName: upn, details: {} } as const
      const made = await enter(turn, base.keyring, told)
      await setUserPassword(turn, base.keyring, made.objectId, await choosePassword(chosen))
      return made
    })
    await house().assign(principal, builtInRoles.keyVaultSecretsUser, `/subscriptions/${installation.subscription}`)
    return { ...principal, upn }
  }
  const byPassword = (upn: string, extra: Fields = {}): Fields => ({
    grant_type: 'password',
    client_id: azureCliAppId,
    username: upn,
    password: chosen,
    scope: vaultScope,
    ...extra,
  })
  const refresh = (token: string, extra: Fields = {}): Promise<Heard> =>
    post({ grant_type: 'refresh_token', client_id: azureCliAppId, refresh_token: token, scope: vaultScope, ...extra })
  const secrets = async (token: string): Promise<number> =>
    (await house().ask(house().vaultHost, 'GET', '/secrets?api-version=7.4', { token })).status
  return { byPassword, get, person, post, refresh, secrets }
}
