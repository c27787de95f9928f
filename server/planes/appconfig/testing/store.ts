import { createHash, createHmac, randomBytes } from 'node:crypto'
import { addAccessKey } from '#core/access/access-keys.ts'
import type { Store } from '#core/vaults/store.ts'
import { newStore } from '#core/vaults/store.ts'
import { foundStore, liveStore } from '#core/vaults/vaults.ts'
import { type Heard, type House, openHouse, type Wanted } from '../../../testing/house.ts'

/** What signs a request: an access key, as a connection string carries it. */
export type Key = { readonly id: string; readonly secret: string }

export type Sent = {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly key?: Key
  readonly host?: string
  /** What is different from an honest signature. */
  readonly date?: string
  readonly separator?: string
  readonly signedHeaders?: string
  readonly signedBody?: string
  readonly spoil?: (signature: string) => string
}

/** A running store, and a client of it that signs what it sends, honestly unless told otherwise. */
export type RunningStore = AsyncDisposable & {
  readonly house: House
  readonly host: string
  readonly key: Key
  send(method: string, path: string, sent?: Sent): Promise<Heard>
  /** The same without any signature. */
  plain(method: string, path: string, headers?: Readonly<Record<string, string>>, body?: string): Promise<Heard>
  put(key: string, value: unknown, query?: string): Promise<Heard>
  /** Another store of the same house, with a key of its own. */
  another(name: string): Promise<{ readonly store: Store; readonly host: string; readonly key: Key }>
  addKey(store: Store, readOnly: boolean): Promise<Key>
  readonly store: Store
}

export const version = 'api-version=2023-11-01'

export async function runningStore(settings: Record<string, string> = {}, around: Wanted = {}): Promise<RunningStore> {
  const house = await openHouse({ ...around, env: settings })
  const { base, installation } = house.cardea
  const today = () => new Date(base.clock()).toUTCString()
  const { env, storeHost: host } = house
  const [, id, secret] = /Id=([^;]+);Secret=(.+)$/.exec(env.AZURE_APPCONFIG_CONNECTION_STRING as string) as string[]
  const key = { id: id as string, secret: secret as string }
  const stores = `/subscriptions/${installation.subscription}/resourceGroups/demo/providers/Microsoft.AppConfiguration/configurationStores`
  const store = (await liveStore(base.database.read, 'demo')) as Store
  const plain: RunningStore['plain'] = (method, path, headers = {}, body) =>
    house.ask(host, method, path, { headers, body })
  const running: RunningStore = {
    house,
    host,
    key,
    store,
    plain,
    async send(method, path, sent = {}) {
      const body = sent.body === undefined ? '' : JSON.stringify(sent.body)
      const headers = {
        ...signatureOf(method, path, sent.host ?? host, body, sent.key ?? key, { date: today(), ...sent }),
        ...(sent.body !== undefined && { 'content-type': 'application/json' }),
        ...sent.headers,
      }
      return house.ask(sent.host ?? host, method, path, { headers, ...(body !== '' && { body }) })
    },
    put: (name, value, query = '') => running.send('PUT', `/kv/${name}?${version}${query}`, { body: { value } }),
    async another(name) {
      const made = newStore(`${stores}/${name}`, `store/${name}`, { location: 'local', sku: 'standard' }, base.clock())
      await base.database.write((turn) => foundStore(turn, base.keyring, made))
      return { store: made, host: host.replace('demo', name), key: await running.addKey(made, false) }
    },
    async addKey(of, readOnly) {
      const fresh = { id: randomBytes(6).toString('hex'), secret: randomBytes(32).toString('base64') }
      await base.database.write((turn) =>
        addAccessKey(turn, base.keyring, of, { ...fresh, name: readOnly ? 'Primary Read Only' : 'Primary', readOnly }),
      )
      return fresh
    },
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  }
  return running
}

/** The headers by which a client of an access key proves itself (App Configuration's *HMAC authentication*). */
export function signatureOf(
  method: string,
  target: string,
  host: string,
  body: string,
  key: Key,
  { date, separator = '&', signedHeaders = 'x-ms-date;host;x-ms-content-sha256', signedBody, spoil }: Sent = {},
): Record<string, string> {
  const headers: Record<string, string> = {
    [/^date;/.test(signedHeaders) ? 'date' : 'x-ms-date']: date ?? new Date().toUTCString(),
    'x-ms-content-sha256': createHash('sha256')
      .update(signedBody ?? body)
      .digest('base64'),
  }
  const all: Record<string, string> = { ...headers, host }
  const values = signedHeaders.split(';').map((name) => all[name] ?? '')
  const signature = createHmac('sha256', Buffer.from(key.secret, 'base64'))
    .update(`${method}\n${target}\n${values.join(';')}`)
    .digest('base64')
  const parts = [`Credential=${key.id}`, `SignedHeaders=${signedHeaders}`, `Signature=${(spoil ?? String)(signature)}`]
  return { ...headers, authorization: `HMAC-SHA256 ${parts.join(separator)}` }
}
