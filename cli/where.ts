import { Misuse, Refusal } from './command.ts'
import { pagesOf, type Service, type Values } from './service.ts'

export type Named = { readonly id: string; readonly name: string }

const kinds = {
  vault: 'Microsoft.KeyVault/vaults',
  store: 'Microsoft.AppConfiguration/configurationStores',
} as const
export type Kind = keyof typeof kinds
/** The resource type, as Azure names it. */
export const typeOf = (kind: Kind): string => kinds[kind]

/** The subscription: an installation has one. */
export async function subscriptionOf(management: Service): Promise<string> {
  const [first] = (await management.ask<Values<Named>>('GET', '/subscriptions')).body.value
  if (first === undefined)
    throw new Refusal(
      'forbidden',
      'You may not see the subscription.',
      'Reader there lets you; who is its owner gives it to you with: cardea role assign WHO Reader subscription',
    )
  return first.id
}

/** All vaults or stores that we may see. */
export const resourcesOf = async <T extends Named>(management: Service, kind: Kind): Promise<T[]> =>
  pagesOf<T>(management, `${await subscriptionOf(management)}/providers/${kinds[kind]}`, 'value', 'nextLink')

/** The resource id of a vault or store, by its name. */
export async function idCalled(management: Service, kind: Kind, name: string): Promise<string> {
  const found = (await resourcesOf(management, kind)).find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (found === undefined)
    throw new Refusal('not-found', `There is no ${kind} ${name}, or you may not see it.`, `See: cardea ${kind} list`)
  return found.id
}

/** The resource id of a vault, by its name. */
export const vaultCalled = (management: Service, name: string): Promise<string> => idCalled(management, 'vault', name)

export const whereWords = 'a resource id, VAULT, VAULT/SECRET, store:NAME, group:NAME, or subscription'

/** The same words for a resource id, as far as there are any. */
export function whereOf(id: string): string {
  if (/^\/subscriptions\/[^/]+$/i.test(id)) return 'subscription'
  const [, group] = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)$/i.exec(id) ?? []
  if (group !== undefined) return `group:${group}`
  const [, store] = /\/providers\/Microsoft\.AppConfiguration\/configurationStores\/([^/]+)$/i.exec(id) ?? []
  if (store !== undefined) return `store:${store}`
  const [, vault, secret] = /\/providers\/Microsoft\.KeyVault\/vaults\/([^/]+)(?:\/secrets\/([^/]+))?$/i.exec(id) ?? []
  if (vault !== undefined) return secret === undefined ? vault : `${vault}/${secret}`
  return id
}

/** The resource id that somebody means: one as it is, or by a name. */
export async function resourceCalled(management: Service, where: string): Promise<string> {
  if (where.startsWith('/')) return where
  if (where === 'subscription') return subscriptionOf(management)
  const [, kind, named = ''] = /^(store|group):([^/]+)$/.exec(where) ?? []
  if (kind === 'store') return idCalled(management, 'store', named)
  if (kind === 'group') return `${await subscriptionOf(management)}/resourceGroups/${encodeURIComponent(named)}`
  const [vault = '', secret, more] = where.split('/')
  if (vault === '' || vault.includes(':') || secret === '' || more !== undefined) {
    throw new Misuse(`WHERE is ${whereWords}.`)
  }
  const id = await vaultCalled(management, vault)
  return secret === undefined ? id : `${id}/secrets/${secret}`
}
