import type { FarSide, Provider, Rehearsed } from '@cardea/contract/rotation/provider'
import { list, record, type Shape, ShapeError, text } from '@cardea/contract/shape'
import { secretName } from '@cardea/contract/vault/secrets'
import { bearer, sourceIn } from '../http/bearer.ts'
import { type Heard, jsonOf, type Reach, refusal, send } from '../http/request.ts'
import { serviceUrl } from '../http/service-url.ts'
import { Rehearsal } from '../rehearsal.ts'
import { notePermission } from './rehearsal.ts'

export type TwoKey = {
  /** The account as the resource manager names it, `https://management…/…/storageAccounts/shop`. */
  readonly account: string
  readonly apiVersion: string
  /** The secret of the same vault that holds, as JSON, the application which may regenerate the keys. */
  readonly admin: string
  /** The names of the two keys that alternate. */
  readonly keys: readonly [string, string]
}

const keyName = text({ maxCharacters: 64, pattern: /^[\w -]+$/, wanted: 'the name of a key' })
const keys: Shape<readonly [string, string]> = {
  read(value, where) {
    const [one, other, ...more] = list(keyName).read(value ?? ['key1', 'key2'], where)
    if (one === undefined || other === undefined || more.length > 0 || one === other) {
      throw new ShapeError(where, 'the names of two different keys')
    }
    return [one, other]
  },
}
const answered = record({ keys: list(record({ keyName: text(), value: text() })) })

/**
 * A service with two keys, in the manner of a storage account: it makes the keys and lists them, so that an answer that
 * was lost is no loss. While programs use one, the other is regenerated.
 */
export const twoKey = (reach: Reach): Provider<TwoKey> => {
  async function ask(verb: string, far: FarSide<TwoKey>, body: object): Promise<Map<string, string>> {
    const { binding, secrets, signal } = far
    const url = new URL(`${binding.account}/${verb}`)
    url.searchParams.set('api-version', binding.apiVersion)
    const headers = await bearer(sourceIn(secrets[binding.admin], binding.admin, url), signal, reach)
    const heard: Heard = await send({ method: 'POST', url, headers, body: JSON.stringify(body) }, signal, reach)
    if (heard.status !== 200) throw refusal(verb, url, heard)
    return new Map(answered.read(jsonOf(heard), '').keys.map(({ keyName, value }) => [keyName, value]))
  }
  const keysNow = (far: FarSide<TwoKey>): Promise<Map<string, string>> => ask('listKeys', far, {})
  const regenerate = async (slot: string, far: FarSide<TwoKey>): Promise<string> => {
    const before = (await keysNow(far)).get(slot)
    const value = (await ask('regenerateKey', far, { keyName: slot })).get(slot)
    if (value === undefined || value === '') throw new Error(`The service regenerated ${slot} and doesn't list it`)
    // Else a key that may have leaked would be published as a new one.
    if (value === before) throw new Error(`The service says that it regenerated ${slot}, and lists the same as before`)
    return value
  }

  /** All but the one request that can't be taken back. */
  async function rehearse(far: FarSide<TwoKey>): Promise<Rehearsed> {
    const rehearsal = new Rehearsal()
    const { account, admin } = far.binding
    const url = new URL(account)
    const source = () => sourceIn(far.secrets[admin], admin, url)
    const logsIn = await rehearsal.try(
      'The administrator gets a token.',
      async () => void (await bearer(source(), far.signal, reach)),
      (error) =>
        /answered 40[01]/.test(String(error))
          ? `Set the secret ${admin} to an application with the right secret.`
          : undefined,
    )
    if (!logsIn) return { checks: rehearsal.checks, clean: true }
    await rehearsal.try(
      `${far.binding.keys.join(' and ')} are listed.`,
      async () => {
        const now = await keysNow(far)
        for (const key of far.binding.keys) if (!now.get(key)) throw new Error(`The account lists no key ${key}`)
      },
      (error) => {
        if (/answered 404/.test(String(error))) return 'Look at the account in the binding.'
        const grant = `Assign a role with listKeys/action and regenerateKey/action to the application ${source().clientId} on ${url.pathname}.`
        return /answered 40[13]/.test(String(error)) ? grant : undefined
      },
    )
    const permissions = new URL(`${account}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`)
    const heard = await bearer(source(), far.signal, reach)
      .then((headers) => send({ url: permissions, headers }, far.signal, reach))
      .catch(() => undefined)
    notePermission(rehearsal, account, source().clientId, heard)
    return { checks: rehearsal.checks, clean: true }
  }

  return {
    name: 'two-key',
    kind: 'slots',
    binding: record({
      account: serviceUrl({ prefix: true }),
      apiVersion: text({ maxCharacters: 32, pattern: /^[\w.-]+$/, wanted: 'an API version' }),
      admin: secretName,
      keys,
    }),
    secretsOf: ({ admin }) => [admin],
    placesOf: ({ account, keys }) => keys.map((key) => `key ${account.toLowerCase()} ${key}`),
    slotsOf: ({ keys }) => keys,
    // No key says by itself which of the two it is.
    slotIn: () => undefined,
    knows: (value) => value !== '' && value.length <= 1024,
    async locate(value, far) {
      const now = await keysNow(far)
      return far.binding.keys.find((key) => now.get(key) === value)
    },
    propose: () => {
      throw new Error('The keys are made by the service')
    },
    async mint(far, slot = far.binding.keys[0]) {
      return { value: await regenerate(slot, far), slot }
    },
    apply: async () => {},
    async probe({ value, slot }, far) {
      try {
        const now = await keysNow(far)
        return (slot === undefined ? far.binding.keys.some((key) => now.get(key) === value) : now.get(slot) === value)
          ? 'valid'
          : 'invalid'
      } catch {
        return 'unknown'
      }
    },
    async retire({ value, slot }, far) {
      const now = await keysNow(far)
      const key = slot ?? far.binding.keys.find((one) => now.get(one) === value)
      if (key !== undefined && now.get(key) === value) await regenerate(key, far)
    },
    rehearse,
  }
}
