import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Action } from '@cardea/contract/actions'
import { assignRole, unassignRole } from '#core/access/assignments.ts'
import { inside } from '#core/audit/entry.ts'
import { addPassword, principalByApp, register } from '#core/identity/directory.ts'
import type { Principal } from '#core/identity/principal.ts'
import { perform, type Scope } from '#core/perform.ts'
import { developerKeys, environmentOf } from '../environment.ts'
import { type Around, type Cardea, start } from '../main.ts'
import { settingsFrom } from '../settings.ts'

/** A whole server in this process on free ports, with an empty folder of its own; for tests. */
export type House = AsyncDisposable & {
  readonly cardea: Cardea
  readonly data: string
  readonly env: Record<string, string>
  /** Sends a request straight to the TLS port, under a host name of ours. */
  ask(host: string, method: string, target: string, given?: Asked): Promise<Heard>
  /** A token for the developer, who may do everything with the data. */
  developerToken(audience?: string): Promise<string>
  /** A token for an application that proves itself by a password. */
  tokenFor(appId: string, password: string, audience?: string): Promise<string>
  /** A new application with a password and no rights. */
  newcomer(name: string): Promise<Newcomer>
  /** Assigns a role; the result takes it away again. */
  assign(
    principal: Principal,
    role: { readonly id: string },
    scope: string,
    condition?: string,
  ): Promise<() => Promise<void>>
  /** The journal of deeds, oldest first. */
  deeds(): Promise<Deed[]>
  readonly vaultHost: string
  readonly storeHost: string
  readonly loginHost: string
}
export type Asked = {
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}
export type Heard = {
  readonly status: number
  readonly headers: Record<string, string>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of it
  readonly json: any
}
export type Newcomer = {
  readonly principal: Principal
  readonly password: string
  token(audience?: string): Promise<string>
}
export type Deed = { operation: string; resource: string; caller: string; outcome: string; correlation: string }

export type Wanted = Around & { readonly env?: Record<string, string>; readonly data?: string }

export async function openHouse({ env: extra = {}, data: given, ...around }: Wanted = {}): Promise<House> {
  const data = given ?? (await mkdtemp(join(tmpdir(), 'cardea-house-')))
  const settings = settingsFrom({
    CARDEA_DATA: data,
    CARDEA_PORT: '0',
    CARDEA_PROXY_PORT: '0',
    CARDEA_PROXY_PASS_ON: 'no',
    CARDEA_LOG_LEVEL: 'silent',
    ...extra,
  })
  const cardea = await start(settings, around)
  const ca = cardea.caFile === undefined ? undefined : readFileSync(cardea.caFile, 'utf8')
  const { base } = cardea
  const domain = settings.domain
  const keys = developerKeys(data)
  const loginHost = `login.${domain}`
  // Handshakes would be most of the work of a test that asks thousands of things.
  const agent = new Agent({ keepAlive: true })

  const ask: House['ask'] = (host, method, target, { token, body, headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const payload =
        body === undefined
          ? undefined
          : typeof body === 'string' || Buffer.isBuffer(body)
            ? Buffer.from(body as string)
            : Buffer.from(JSON.stringify(body))
      const sent = request(
        {
          host: '127.0.0.1',
          port: cardea.port,
          servername: host.includes(domain) ? host.replace(/:\d+$/, '') : loginHost,
          ca,
          method,
          path: target,
          agent,
          headers: {
            host,
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(payload !== undefined && {
              'content-type': 'application/json',
              'content-length': String(payload.length),
            }),
            ...headers,
          },
        },
        (answer) => {
          const parts: Buffer[] = []
          answer.on('data', (part) => parts.push(part))
          answer.on('error', reject)
          answer.on('end', () => {
            const text = Buffer.concat(parts).toString('utf8')
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers as Record<string, string>,
              text,
              json: jsonOf(text),
            })
          })
        },
      )
      sent.on('error', reject)
      sent.end(payload)
    })

  const tokenFor = async (appId: string, password: string, audience = `https://vault.${domain}`): Promise<string> => {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: appId,
      client_secret: password,
      scope: `${audience}/.default`,
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const { status, json, text } = await ask(loginHost, 'POST', '/adfs/oauth2/v2.0/token', {
      body: form.toString(),
      headers,
    })
    if (status !== 200) throw new Error(`no token: ${status} ${text}`)
    return json.access_token as string
  }
  const asOwner = async <A extends Action>(action: A, act: (scope: Scope<A>) => Promise<unknown>): Promise<void> => {
    const owner = await principalByApp(base.database.read, base.keyring, keys.appId)
    if (owner === undefined) throw new Error('the developer is missing')
    const intent = {
      caller: { objectId: owner.objectId, appId: owner.appId },
      action,
      resource: `/subscriptions/${cardea.installation.subscription}`,
      operation: 'Test',
      circumstances: inside,
    }
    await perform(base, intent, act)
  }
  return {
    cardea,
    data,
    env: environmentOf(data),
    ask,
    tokenFor,
    developerToken: (audience) => tokenFor(keys.appId, keys.password, audience),
    async newcomer(name) {
      const password = randomBytes(20).toString('base64url')
      const principal = await base.database.write(async (turn) => {
        const made = await register(turn, base.keyring, { name, kind: 'application' })
        await addPassword(turn, base.keyring, made, password, { name: 'test', ends: turn.at + 86_400_000 })
        return made
      })
      return { principal, password, token: (audience) => tokenFor(principal.appId, password, audience) }
    },
    async assign(principal, role, scope, condition) {
      const id = randomUUID()
      await asOwner('roles/assign', (acting) =>
        assignRole(acting, { id, principal: principal.objectId, role: role.id, scope, condition }),
      )
      return () => asOwner('roles/unassign', (acting) => unassignRole(acting, id))
    },
    async deeds() {
      const { rows } = await base.database.read.run(
        'select operation, resource, caller, outcome, correlation from audit order by at, writer, number',
        [],
      )
      return rows as Deed[]
    },
    vaultHost: `demo.vault.${domain}`,
    storeHost: `demo.config.${domain}`,
    loginHost,
    async [Symbol.asyncDispose]() {
      agent.destroy()
      await cardea.close()
      if (given === undefined) await rm(data, { recursive: true, force: true })
    },
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
