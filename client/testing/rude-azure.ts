import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Change } from '@cardea/contract/cardea/changes'
import type { LoadOptions } from '../load.ts'
import { type Reply, RudeServer, type Seen } from './rude-server.ts'

type Kept = { key: string; label: string | null; value: string | null; content_type: string | null; etag: string }
type Version = { version: string; value: unknown }
export type RudeOptions = {
  /** Whether the store has a change stream, as Cardea's have and Azure's don't. Default true. */
  readonly streams?: boolean
  readonly pageSize?: number
  /** How long tokens live. Default 3600 s. */
  readonly tokenSeconds?: number
}

const domain = 'rude.test'
const keyId = 'rude-key'
const keySecret = Buffer.from('a key that is only used by tests')
const referenceType = 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8'
const placeOf = (key: string, label: string | null) => `${key}\n${label ?? ''}`

/**
 * A store, a vault and a token service that misbehave on purpose. Ask `server.grudge` for the misbehaviour; everything
 * else is what a polite installation would do, checks of tokens and signatures included.
 */
export class RudeAzure implements AsyncDisposable {
  readonly endpoint = `https://shop.config.${domain}`
  readonly vault = `https://v1.vault.${domain}`
  readonly connectionString = `Endpoint=${this.endpoint};Id=${keyId};Secret=${keySecret.toString('base64')}`
  readonly server: RudeServer
  readonly settings = new Map<string, Kept>()
  readonly secrets = new Map<string, Version[]>()
  readonly reports: {
    instance: string
    application: string
    uses: { secret: string; version: string }[]
    partial: boolean
  }[] = []
  /** The secrets that the program reports on and may not read. */
  unreadable: string[] = []
  /** The resource that the vault's challenge names. */
  resource = `https://vault.${domain}`
  readonly tokens = new Map<string, { audience: string; until: number }>()
  sequence = 0
  readonly #journal: Change[] = []
  readonly #streams = new Set<ServerResponse>()
  readonly #options: RudeOptions

  private constructor(options: RudeOptions) {
    this.#options = options
    const names = [`*.config.${domain}`, `*.vault.${domain}`, `login.${domain}`]
    this.server = new RudeServer(names, (seen) => this.#answer(seen))
  }

  static async open(options: RudeOptions = {}): Promise<RudeAzure> {
    const azure = new RudeAzure(options)
    await azure.server.listen()
    return azure
  }

  /** What a program would have in its environment. */
  get env(): Record<string, string> {
    return {
      HTTPS_PROXY: this.server.proxy,
      AZURE_TENANT_ID: 'adfs',
      AZURE_CLIENT_ID: 'app',
      AZURE_CLIENT_SECRET: 'app secret',
      AZURE_AUTHORITY_HOST: `https://login.${domain}/`,
    }
  }

  get clientOptions(): NonNullable<LoadOptions['clientOptions']> {
    return { ca: this.server.ca, env: this.env }
  }

  set(
    key: string,
    value: string | null,
    { label = null, contentType = null }: { label?: string | null; contentType?: string | null } = {},
  ): void {
    const etag = randomBytes(8).toString('hex')
    this.settings.set(placeOf(key, label), { key, label, value, content_type: contentType, etag })
    this.tell({ type: 'setting-written', name: key, ...(label !== null && { label }) })
  }

  remove(key: string, label: string | null = null): void {
    this.settings.delete(placeOf(key, label))
    this.tell({ type: 'setting-deleted', name: key, ...(label !== null && { label }) })
  }

  /** Makes a setting point at a secret. */
  point(key: string, secret: string, version?: string): void {
    const uri = `${this.vault}/secrets/${secret}${version ? `/${version}` : ''}`
    this.set(key, JSON.stringify({ uri }), { contentType: referenceType })
  }

  /** A new version of a secret; tells of every setting that points at it. */
  rotate(secret: string, value: unknown): string {
    const version = randomBytes(16).toString('hex')
    this.secrets.set(secret, [...(this.secrets.get(secret) ?? []), { version, value }])
    for (const { key, label, value: text } of this.settings.values()) {
      if (text?.includes(`/secrets/${secret}"`))
        this.tell({ type: 'setting-target-changed', name: key, ...(label !== null && { label }) })
    }
    return version
  }

  tell(change: Omit<Change, 'sequence' | 'resource'>): void {
    this.sequence += 1
    const told = { sequence: this.sequence, resource: '/stores/shop', ...change }
    this.#journal.push(told)
    this.write(eventOf(told))
  }

  /** Writes to every open stream, whatever it is. */
  write(text: string): void {
    for (const stream of this.#streams) stream.write(text)
  }

  /** Ends every open stream, after half an event if you like. */
  cut(half = ''): void {
    for (const stream of this.#streams) stream.write(half, () => stream.destroy())
  }

  get streams(): number {
    return this.#streams.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close()
  }

  #answer(seen: Seen): Reply {
    const [path = '', query] = seen.path.split('?')
    const asked = new URLSearchParams(query)
    if (seen.host.startsWith('login.'))
      return this.#token(new URLSearchParams(seen.body).get('scope')?.replace('/.default', '') ?? '')
    if (path.includes('/metadata/') || path === '/msi') return this.#token(asked.get('resource') ?? '')
    if (seen.host.includes('.vault.')) return this.#vault(seen, path)
    if (!this.#allowed(seen, this.endpoint))
      return { status: 401, headers: { 'www-authenticate': 'HMAC-SHA256, Bearer' } }
    if (path === '/.cardea/changes') return this.#options.streams === false ? { status: 404 } : this.#stream(seen)
    return path === '/kv'
      ? this.#list(seen, asked)
      : this.#setting(decodeURIComponent(path.slice('/kv/'.length)), seen, asked)
  }

  #token(audience: string): Reply {
    const token = `token-${randomBytes(8).toString('hex')}`
    const lives = this.#options.tokenSeconds ?? 3600
    this.tokens.set(token, { audience, until: Date.now() + lives * 1000 })
    return json({ access_token: token, expires_in: lives, token_type: 'Bearer' })
  }

  #allowed({ method, path, host, headers, body }: Seen, audience: string): boolean {
    const [scheme, proof = ''] = headers.authorization?.split(/ (.*)/) ?? []
    const token = this.tokens.get(proof)
    if (scheme === 'Bearer') return token?.audience === audience && token.until > Date.now()
    const hash = createHash('sha256').update(body).digest('base64')
    const signed = `${method}\n${path}\n${headers['x-ms-date']};${host};${headers['x-ms-content-sha256']}`
    const signature = createHmac('sha256', keySecret).update(signed).digest('base64')
    return (
      proof.includes(`Credential=${keyId}&`) &&
      proof.endsWith(`Signature=${signature}`) &&
      headers['x-ms-content-sha256'] === hash
    )
  }

  #list({ headers }: Seen, asked: URLSearchParams): Reply {
    const wanted = asked.get('key') ?? '*'
    const label = asked.get('label')?.replace('\0', '') || null
    const fits = (key: string) =>
      wanted.endsWith('*') ? key.startsWith(wanted.slice(0, -1)) : wanted.split(',').includes(key)
    const all = [...this.settings.values()].filter((each) => fits(each.key) && each.label === label)
    all.sort((a, b) => (a.key < b.key ? -1 : 1))
    const size = this.#options.pageSize ?? 100
    const from = Number(asked.get('after') ?? 0)
    const items = all.slice(from, from + size)
    asked.set('after', String(from + size))
    const next = items.length === size ? { '@nextLink': `/kv?${asked}` } : {}
    const etag = `"${createHash('sha256')
      .update(JSON.stringify([items.map((each) => each.etag), next]))
      .digest('hex')}"`
    if (headers['if-none-match'] === etag) return { status: 304, headers: { etag } }
    return json({ items, ...next }, { etag, 'sync-token': `kv=MA==;sn=${this.sequence}` })
  }

  #setting(key: string, { headers }: Seen, asked: URLSearchParams): Reply {
    const found = this.settings.get(placeOf(key, asked.get('label')?.replace('\0', '') || null))
    if (!found) return { status: 404 }
    const etag = `"${found.etag}"`
    return headers['if-none-match'] === etag ? { status: 304, headers: { etag } } : json(found, { etag })
  }

  #vault(seen: Seen, path: string): Reply {
    if (!this.#allowed(seen, `https://vault.${domain}`)) {
      const challenge = `Bearer authorization="https://login.${domain}/tenant", resource="${this.resource}"`
      return json({ error: { code: 'Unauthorized' } }, { 'www-authenticate': challenge }, 401)
    }
    const [, kind, name = '', version] = path.split('/')
    if (kind === '.cardea') {
      const report = { instance: path.split('/')[3] ?? '', ...JSON.parse(seen.body) }
      this.reports.push(report)
      const named = report.uses.map(({ secret }: { secret: string }) => secret)
      return json({ unreadable: this.unreadable.filter((secret) => named.includes(secret)) })
    }
    const versions = this.secrets.get(name) ?? []
    const found = version ? versions.find((each) => each.version === version) : versions.at(-1)
    if (!found) return json({ error: { code: 'SecretNotFound' } }, {}, 404)
    return json({
      value: found.value,
      id: `${this.vault}/secrets/${name}/${found.version}`,
      attributes: { enabled: true },
    })
  }

  #stream({ headers }: Seen): Reply {
    const after = headers['last-event-id']
    const missed = this.#journal.filter(({ sequence }) => after !== undefined && sequence > Number(after))
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      stream: (response) => {
        this.#streams.add(response)
        response.once('close', () => this.#streams.delete(response))
        response.write(`event: hello\ndata: {"sequence":${this.sequence}}\n\n${missed.map(eventOf).join('')}`)
      },
    }
  }
}

export const eventOf = (change: Change): string =>
  `id: ${change.sequence}\nevent: ${change.type}\ndata: ${JSON.stringify(change)}\n\n`

const json = (body: unknown, headers: Record<string, string> = {}, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})
