import { Misuse, Refusal } from './command.ts'
import type { Service } from './service.ts'

type Named = { readonly id: string; readonly name: string }

/** The resource id of a vault, by its name. */
export async function vaultCalled(management: Service, name: string): Promise<string> {
  const subscriptions = ((await management.ask('GET', '/subscriptions')).body.value ?? []) as Named[]
  for (const { id } of subscriptions) {
    const { body } = await management.ask('GET', `${id}/providers/Microsoft.KeyVault/vaults`)
    const found = ((body.value ?? []) as Named[]).find((vault) => vault.name.toLowerCase() === name.toLowerCase())
    if (found !== undefined) return found.id
  }
  throw new Refusal('not-found', `There is no vault ${name}, or you may not see it.`)
}

/** The resource id that somebody means: one as it is, `VAULT` or `VAULT/SECRET` by name. */
export async function resourceCalled(management: Service, where: string): Promise<string> {
  if (where.startsWith('/')) return where
  const [vault = '', secret, more] = where.split('/')
  if (vault === '' || secret === '' || more !== undefined) {
    throw new Misuse('WHERE is a resource id (/subscriptions/…), VAULT, or VAULT/SECRET.')
  }
  const id = await vaultCalled(management, vault)
  return secret === undefined ? id : `${id}/secrets/${secret}`
}
