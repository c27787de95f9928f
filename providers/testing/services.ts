import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Services that the tests run over HTTP: one token endpoint, a directory with one application (Graph's `addPassword` and
 * `removePassword`), and an account with two keys (`listKeys`, `regenerateKey`), which is
 * also there under the id of a storage account.
 */
export type Services = AsyncDisposable & {
  readonly port: number
  readonly origin: string
  readonly administrator: { readonly clientId: string; readonly clientSecret: string }
  /** Who is known, and may do nothing. */
  readonly powerless: { readonly clientId: string; readonly clientSecret: string }
  readonly application: { readonly id: string; readonly clientId: string }
  readonly passwords: Map<string, Password>
  readonly keys: Map<string, string>
  /** What the administrator may do with the account, by the verbs at the end of actions. */
  readonly may: Set<string>
  /** What is said to be done isn't, is done twice, or is said to be done and to have failed. */
  manner: 'honest' | 'lies' | 'doubles' | 'contradicts'
  /** Every request, by method and path. */
  readonly heard: string[]
}
type Password = { readonly keyId: string; readonly displayName: string; readonly endDateTime: string; secret: string }

export async function startServices(): Promise<Services> {
  const administrator = { clientId: randomUUID(), clientSecret: randomBytes(24).toString('base64url') }
  const powerless = { clientId: randomUUID(), clientSecret: randomBytes(24).toString('base64url') }
  const application = { id: randomUUID(), clientId: randomUUID() }
  const passwords = new Map<string, Password>()
  const keys = new Map(['key1', 'key2'].map((name) => [name, randomBytes(32).toString('base64')]))
  const may = new Set(['listKeys', 'regenerateKey'])
  let manner: Services['manner'] = 'honest'
  const tokens = new Set<string>()
  const heard: string[] = []

  const token = (form: URLSearchParams): [number, object] => {
    const [id, secret] = [form.get('client_id'), form.get('client_secret')]
    const known =
      id === administrator.clientId
        ? secret === administrator.clientSecret
        : (id === powerless.clientId && secret === powerless.clientSecret) ||
          (id === application.clientId && [...passwords.values()].some((password) => password.secret === secret))
    if (!known) return [401, { error: 'invalid_client', error_description: 'The secret is wrong.' }]
    const made = randomBytes(24).toString('base64url')
    if (id === administrator.clientId) tokens.add(made)
    return [200, { token_type: 'Bearer', expires_in: 3600, access_token: made }]
  }
  const shown = ({ secret, ...rest }: Password) => ({ ...rest, hint: secret.slice(0, 3), secretText: null })
  const directory = (path: string, body: Record<string, Record<string, string>>): [number, object?] => {
    if (path === '') return [200, { ...application, passwordCredentials: [...passwords.values()].map(shown) }]
    if (path === '/addPassword') {
      const { displayName = '', endDateTime = '' } = body.passwordCredential ?? {}
      const password = { keyId: randomUUID(), displayName, endDateTime, secret: randomBytes(24).toString('base64url') }
      if (manner !== 'lies') passwords.set(password.keyId, password)
      if (manner === 'doubles') {
        const another = { ...password, keyId: randomUUID(), secret: randomBytes(24).toString('base64url') }
        passwords.set(another.keyId, another)
      }
      return [200, { ...shown(password), secretText: password.secret }]
    }
    if (path === '/removePassword') {
      return passwords.delete(String(body.keyId)) ? [204] : [404, { error: { code: 'Request_ResourceNotFound' } }]
    }
    return [404, { error: { code: 'Request_ResourceNotFound' } }]
  }
  const account = (verb: string, { keyName = '' }: { keyName?: string }): [number, object] => {
    if (!may.has(verb)) return [403, { error: { code: 'AuthorizationFailed' } }]
    if (verb === 'regenerateKey') {
      if (!keys.has(keyName)) return [400, { error: { code: 'InvalidValuesForRequestParameters' } }]
      if (manner !== 'lies') keys.set(keyName, randomBytes(32).toString('base64'))
    }
    return [200, { keys: [...keys].map(([name, value]) => ({ keyName: name, value, permissions: 'FULL' })) }]
  }
  const answerTo = async (request: IncomingMessage): Promise<[number, object?]> => {
    const path = (request.url ?? '').split('?')[0] ?? ''
    heard.push(`${request.method} ${path}`)
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const text = Buffer.concat(parts).toString('utf8')
    if (path === '/token') return token(new URLSearchParams(text))
    if (!tokens.has((request.headers.authorization ?? '').replace('Bearer ', ''))) return [401, { error: {} }]
    const body = text === '' ? {} : JSON.parse(text)
    const home = `/v1.0/applications/${application.id}`
    if (path.startsWith(home)) return directory(path.slice(home.length), body)
    if (path.endsWith('/storageAccounts/shop/providers/Microsoft.Authorization/permissions')) {
      const actions = [...may].map((verb) => `Microsoft.Storage/storageAccounts/${verb}/*`)
      return [200, { value: [{ actions, notActions: [] }] }]
    }
    const [, verb] = /^(?:\/account|\/subscriptions\/.+\/storageAccounts\/[\w-]+)\/(\w+)$/.exec(path) ?? []
    return verb === undefined ? [404, { error: {} }] : account(verb, body)
  }
  const server = createServer(async (request, answer) => {
    const [status, body] = await answerTo(request)
    const told = manner === 'contradicts' && status === 200 ? { ...body, error: { code: 'InternalError' } } : body
    answer.writeHead(status, { 'content-type': 'application/json' }).end(told === undefined ? '' : JSON.stringify(told))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    administrator,
    powerless,
    application,
    passwords,
    keys,
    may,
    get manner() {
      return manner
    },
    set manner(given) {
      manner = given
    },
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The administrator's secret, as the vault holds it. */
export const administratorOf = ({ origin, administrator }: Services, port?: number): string => {
  const service = port === undefined ? origin : `http://127.0.0.1:${port}`
  return JSON.stringify({ tokenUrl: `${service}/token`, ...administrator, scope: `${service}/.default`, service })
}
