import { ConfigurationError } from '@cardea/client/errors'
import { objectIn, refusal, type Transport } from '@cardea/client/transport'
import { Misuse, Refusal } from '../command.ts'
import type { Content, Entry, Source, Withheld } from './entry.ts'
import { eachOf } from './several.ts'

/** The key-value engine of HashiCorp Vault and OpenBao, versions 1 and 2, by its HTTP API. */

export type Far = {
  readonly address: string
  readonly token: string
  readonly namespace: string | undefined
  readonly transport: Transport
}

type Body = Readonly<Record<string, unknown>>
type Ask = (path: string) => Promise<Body | undefined>

/** Everything at and below a path: `secret/app` is the path `app` of the engine mounted at `secret`. */
export function hashicorpSource(far: Far, path: string): Source {
  const clean = path.replace(/^\/+|\/+$/g, '')
  if (clean === '' || clean.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new Misuse('Say where the secrets are: --from kv:MOUNT or --from kv:MOUNT/PATH.')
  }
  const ask = asking(far)
  return {
    says: `${clean} of ${new URL(far.address).host}`,
    async entries(): Promise<Content> {
      const { mount, version } = await engineOf(ask, clean)
      const way = clean.slice(mount.length).replace(/^\//, '')
      const found = await secretsBelow(ask, mount, version, way)
      const read = await eachOf(found, (secret) => contentOf(ask, mount, version, secret))
      return { entries: read.flatMap(({ entries }) => entries), withheld: read.flatMap(({ withheld }) => withheld) }
    },
  }
}

function asking({ address, token, namespace, transport }: Far): Ask {
  const headers = {
    'x-vault-token': token,
    'x-vault-request': 'true',
    ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
  }
  return async (path) => {
    const url = new URL(`/v1/${path}`, address)
    const answer = await transport.send({ url, headers })
    if (answer.status === 404) return undefined
    if (answer.status === 307)
      throw new Refusal('refused', `${url.host} is a standby and points elsewhere; give its leader as VAULT_ADDR.`)
    if (answer.status === 403)
      throw new ConfigurationError('forbidden', `The token may not read ${path} at ${url.host}.`)
    if (answer.status >= 300) throw refusal(url, answer)
    return objectIn(url, answer.body)
  }
}

const escaped = (path: string): string => path.split('/').map(encodeURIComponent).join('/')

/** Which engine a path is in, and of which version; the server tells everybody who may use the path. */
async function engineOf(ask: Ask, path: string): Promise<{ mount: string; version: '1' | '2' }> {
  const { data } = (await ask(`sys/internal/ui/mounts/${escaped(path)}`)) ?? {}
  const { path: mount, type, options } = (data ?? {}) as { path?: unknown; type?: unknown; options?: Body | null }
  if (typeof mount !== 'string') throw new Refusal('not-found', `Nothing is mounted at ${path}.`)
  if (type !== 'kv' && type !== 'generic')
    throw new Refusal('refused', `What is mounted at ${mount} is no key-value engine.`)
  return { mount: mount.replace(/\/$/, ''), version: options?.version === '2' ? '2' : '1' }
}

/** The paths of all secrets at and below one; a name may be a folder and a secret at once. */
async function secretsBelow(ask: Ask, mount: string, version: '1' | '2', way: string): Promise<string[]> {
  const lists = version === '2' ? `${mount}/metadata` : mount
  const found: string[] = []
  const folders = [way]
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const at = folder.replace(/\/$/, '')
    const { data } = (await ask(`${escaped(at === '' ? lists : `${lists}/${at}`)}?list=true`)) ?? {}
    const keys = ((data as Body | undefined)?.keys ?? []) as unknown[]
    for (const key of keys.filter((one) => typeof one === 'string')) {
      const below = at === '' ? key : `${at}/${key}`
      if (key.endsWith('/')) folders.push(below)
      else found.push(below)
    }
  }
  return way === '' || found.includes(way) ? found : [way, ...found]
}

/** A secret there has fields; each becomes a value of its own, and a single one called `value` goes without its name. */
async function contentOf(ask: Ask, mount: string, version: '1' | '2', secret: string): Promise<Content> {
  const body = await ask(`${escaped(version === '2' ? `${mount}/data/${secret}` : `${mount}/${secret}`)}`)
  if (body === undefined) return withheld(secret, 'is deleted, or only a folder')
  const outer = body.data as Body | undefined
  const fields = version === '2' ? (outer?.data as Body | null | undefined) : outer
  if (typeof fields !== 'object' || fields === null) return withheld(secret, 'has no current version')
  const names = Object.keys(fields)
  if (names.length === 0) return withheld(secret, 'is empty')
  const single = names.length === 1 && names[0] === 'value'
  const entries = names.map((name): Entry => {
    const value = fields[name]
    const text = typeof value === 'string'
    return {
      name: single ? secret : `${secret}/${name}`,
      value: text ? value : JSON.stringify(value),
      contentType: text ? undefined : 'application/json',
    }
  })
  return { entries, withheld: [] }
}

const withheld = (name: string, reason: string): Content => ({
  entries: [],
  withheld: [{ name, reason } satisfies Withheld],
})
