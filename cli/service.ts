import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { resolve } from 'node:path'
import {
  type Authorization,
  byKey,
  byToken,
  type Challenge,
  challengeFrom,
  connectionFrom,
} from '@cardea/client/authorization'
import { credentialFrom } from '@cardea/client/credential'
import { ConfigurationError } from '@cardea/client/errors'
import { type Tokens, tokensOf } from '@cardea/client/tokens'
import { type Answer, objectIn, type Request, refusal, type Transport } from '@cardea/client/transport'
import { newestConfigurationVersion } from '@cardea/contract/appconfig/versions'
import { newestVaultVersion } from '@cardea/contract/vault/versions'
import { environmentOf } from '@cardea/server/environment'
import { createConnectProxy } from '@cardea/server/planes/http/connect-proxy'
import { type ExitCode, Misuse, Refusal } from './command.ts'
import { isRunning } from './running.ts'
import { shellWord } from './shell.ts'
import type { World } from './world.ts'

/** Requests to one vault or store, made by whoever the environment says we are. */
export type Service = {
  readonly origin: string
  /** `T` is what the contract says that is answered there. */
  ask<T = Readonly<Record<string, unknown>>>(
    method: Method,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answered<T>>
  /** Asks for what has no end, and gives the answer as it begins, whatever its status. */
  follow(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage>
}
export type Method = NonNullable<Request['method']>
/** A list without pages. */
export type Values<T> = { readonly value: readonly T[] }
export type Answered<T> = { readonly status: number; readonly body: T }

type Environment = Readonly<Record<string, string | undefined>>
export type Where = {
  readonly data?: string | undefined
  readonly vault?: string | undefined
  readonly store?: string | undefined
}

/** The data folder that a command means. */
export const dataFolder = (data: string | undefined, { env }: World): string =>
  resolve(data ?? env.CARDEA_DATA ?? '.cardea')

/** Works with a vault, and closes what that opened. */
export async function withVault(
  world: World,
  where: Where,
  work: (vault: Service, way: Way) => Promise<ExitCode>,
): Promise<ExitCode> {
  await using way = await wayTo(world, where.data)
  const origin = originOf('--vault', where.vault, way.env.AZURE_KEYVAULT_URL)
  return await along(way, () => work(vaultOn(way, origin), way))
}

/** A vault that is reached on the same way as what a command works with. */
export const vaultOn = ({ env, transport }: Way, origin: string): Service =>
  vaultAt(origin, transport, tokensOf(credentialFrom(env, transport)))

/** Works with a store, and closes what that opened. */
export async function withStore(
  world: World,
  where: Where,
  work: (store: Service, way: Way) => Promise<ExitCode>,
): Promise<ExitCode> {
  await using way = await wayTo(world, where.data)
  const { env, transport } = way
  const connection = env.AZURE_APPCONFIG_CONNECTION_STRING
  const usual = env.AZURE_APPCONFIG_ENDPOINT ?? (connection && connectionFrom(connection).endpoint)
  const origin = originOf('--store', where.store, usual)
  const authorization =
    env.AZURE_CLIENT_SECRET === undefined && connection !== undefined
      ? byKey(connectionFrom(connection).key)
      : byToken(tokensOf(credentialFrom(env, transport)), `${origin}/.default`)
  return await along(way, () => work(storeAt(origin, transport, authorization), way))
}

/** Works with the management host of the installation that the environment means, and closes what that opened. */
export async function withManagement(
  world: World,
  where: Where,
  work: (management: Service, way: Way) => Promise<ExitCode>,
): Promise<ExitCode> {
  await using way = await wayTo(world, where.data)
  const management = besideOn(way, 'management')
  return await along(way, () => work(management, way))
}

/** Works with the directory of the installation that the environment means, and closes what that opened. */
export async function withDirectory(
  world: World,
  where: Where,
  work: (directory: Service) => Promise<ExitCode>,
): Promise<ExitCode> {
  await using way = await wayTo(world, where.data)
  const directory = directoryOn(way)
  return await along(way, () => work(directory))
}

/** The directory that is reached on the same way as what a command works with. */
export const directoryOn = (way: Way): Service => besideOn(way, 'graph')

function besideOn({ env, transport }: Way, host: 'management' | 'graph'): Service {
  const origin = besideLogin(env, host)
  const authorization = byToken(tokensOf(credentialFrom(env, transport)), `${origin}/.default`)
  return serviceAt(origin, managementVersion, transport, (request) => authorization.headersFor(request))
}

/** Any version is taken there; this one is what Azure's own clients ask for the subscription with. */
const managementVersion = '2022-12-01'

/** The management host. */
export const managementOf = (env: Environment): string => besideLogin(env, 'management')

/** The hosts with a name of their own stand beside the login host. */
function besideLogin({ AZURE_AUTHORITY_HOST: login = '' }: Environment, host: 'management' | 'graph'): string {
  const url = URL.parse(login)
  if (
    url?.protocol !== 'https:' ||
    !url.hostname.startsWith('login.') ||
    url.hostname === 'login.microsoftonline.com'
  ) {
    throw new Misuse('AZURE_AUTHORITY_HOST must be the login host of a Cardea.', 'See: cardea help env')
  }
  return url.origin.replace('https://login.', `https://${host}.`)
}

/** Does the work; where nobody answers because the Cardea of the folder has stopped, says so. */
async function along({ folder }: Way, work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work()
  } catch (error) {
    const unreachable = error instanceof ConfigurationError && error.code === 'unreachable'
    if (!unreachable || folder === undefined || (await isRunning(folder))) throw error
    throw notRunning(folder)
  }
}

export const notRunning = (folder: string): Refusal =>
  new Refusal(
    'not-running',
    `The Cardea of ${folder} isn't running.`,
    `Start it with: cardea start --data ${shellWord(folder)}`,
  )

export type Way = AsyncDisposable & {
  readonly env: Environment
  readonly transport: Transport
  /** The data folder of the Cardea that is meant, where one on this machine is. */
  readonly folder: string | undefined
}

/**
 * Who we are and how we get there: from the environment if it says so, else from the data folder, so that no export is
 * needed on the machine where Cardea runs. A folder that is named wins.
 */
export async function wayTo(world: World, data: string | undefined): Promise<Way> {
  const { env } = world
  const told = env.AZURE_KEYVAULT_URL ?? env.AZURE_APPCONFIG_ENDPOINT ?? env.AZURE_APPCONFIG_CONNECTION_STRING
  if (data === undefined && told !== undefined) {
    const transport = world.connect({ env })
    return { env, transport, folder: env.CARDEA_DATA, [Symbol.asyncDispose]: async () => transport.close() }
  }
  const folder = dataFolder(data, world)
  const own = environmentOf(folder)
  const ca = own.NODE_EXTRA_CA_CERTS
  const proxy = own.HTTPS_PROXY === undefined ? await ownProxy(own) : undefined
  const transport = world.connect({
    env: own,
    proxy: own.HTTPS_PROXY ?? proxy?.url ?? false,
    ...(ca !== undefined && { ca: readFileSync(ca) }),
  })
  return {
    env: own,
    transport,
    folder,
    async [Symbol.asyncDispose]() {
      transport.close()
      await proxy?.close()
    },
  }
}

/** To a server that runs without its proxy, a command brings one for as long as it lives. */
async function ownProxy({ CARDEA_DOMAIN: domain = '', CARDEA_PORT: port }: Environment) {
  const owns = (host: string) => host.endsWith(`.${domain}`)
  const proxy = createConnectProxy({ domain, owns, port: () => Number(port), passOn: false })
  return { url: `http://127.0.0.1:${await proxy.listen(0)}`, close: () => proxy.close() }
}

/** A vault or store by its URL, or by its name beside the usual one. */
export function originOf(option: string, given: string | undefined, usual: string | undefined): string {
  const url = given?.includes('://') ? given : usual
  if (url === undefined) throw new Misuse(`Which one? Give its URL with ${option}.`)
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:')
    throw new Misuse(`${option} must be an https:// URL or a name.`)
  const { origin } = new URL(url)
  if (given === undefined || given.includes('://')) return origin
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/i.test(given)) throw new Misuse(`${option} must be an https:// URL or a name.`)
  return origin.replace(/^https:\/\/[^.]+/, `https://${given.toLowerCase()}`)
}

/** Key Vault's way: asked for the challenge first, without token or body. */
export function vaultAt(origin: string, transport: Transport, tokens: Tokens): Service {
  let challenge: Challenge | undefined
  return serviceAt(origin, newestVaultVersion, transport, async ({ url }) => {
    challenge ??= challengeFrom(new URL(origin), await transport.send({ url }))
    return { authorization: `Bearer ${(await tokens.get(challenge.scope, challenge.tenantId)).token}` }
  })
}

export const storeAt = (origin: string, transport: Transport, authorization: Authorization): Service =>
  serviceAt(origin, newestConfigurationVersion, transport, (request) => authorization.headersFor(request))

type Prove = (request: Request) => Promise<Record<string, string>>

function serviceAt(origin: string, version: string, transport: Transport, prove: Prove): Service {
  const at = (path: string): URL => {
    const url = new URL(path, origin)
    // A link to the next page that leads elsewhere would carry our token there.
    if (url.origin === origin) return url
    throw new Refusal('untrusted', `${new URL(origin).host} points to another host for its next page.`)
  }
  return {
    origin,
    async ask<T>(method: Method, path: string, given?: unknown, more: Readonly<Record<string, string>> = {}) {
      const url = at(path)
      if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', version)
      const headers = {
        ...more,
        accept: '*/*',
        ...(given !== undefined && { 'content-type': 'application/json' }),
      }
      const request = { url, method, headers, ...(given !== undefined && { body: JSON.stringify(given) }) }
      const answer = await transport.send({ ...request, headers: { ...headers, ...(await prove(request)) } })
      if (answer.status >= 300) throw refused(method, url, answer)
      // The service keeps to the contract; what only speaks its wire is looked at where something depends on it.
      return { status: answer.status, body: (answer.body === '' ? {} : objectIn(url, answer.body)) as T }
    },
    async follow(path, headers, signal) {
      const request = { url: at(path), headers: { accept: 'text/event-stream', ...headers }, signal }
      return transport.open({ ...request, headers: { ...request.headers, ...(await prove(request)) } })
    },
  }
}

/** A refusal in the service's own words, which name no value; what is missing, in ours. */
function refused(method: Method, url: URL, answer: Answer): Refusal {
  const { code, message } = refusal(url, answer)
  const { word, text } = wordsIn(answer.body)
  return (
    (answer.status === 404 ? missing(method, url, word) : undefined) ??
    (word === 'ObjectIsDeletedButRecoverable' ? deletedOnly(url, text ?? message) : undefined) ??
    new Refusal(code, text ?? message)
  )
}

function missing(method: Method, { origin, pathname }: URL, word: string | undefined): Refusal | undefined {
  const [, collection = '', name = '', bound = ''] = pathname.split('/').map(decodeURIComponent)
  if (word === 'VaultNotFound')
    return new Refusal('not-found', `There is no vault ${origin}.`, 'Look at --vault, or AZURE_KEYVAULT_URL.')
  // Only who reads one setting can miss it: a list and a writer always find their place.
  if (collection === 'kv' && (name === '' || method !== 'GET')) return noStore(origin)
  if (collection === '.cardea' && name === 'secrets' && word === 'NotFound' && method !== 'DELETE') {
    return new Refusal(
      'not-found',
      `The secret ${bound} isn't bound to a provider in ${origin}.`,
      `Bind it with: cardea rotation bind ${bound} --provider PROVIDER`,
    )
  }
  if (word !== 'SecretNotFound') return undefined
  if (collection === 'secrets') return noSecret(origin, name)
  if (collection !== 'deletedsecrets') return undefined
  return new Refusal(
    'not-found',
    `There is no deleted secret ${name} in ${origin}.`,
    `Only what is deleted can be recovered or purged. Delete it with: cardea secret delete ${name}`,
  )
}

export const noStore = (store: string): Refusal =>
  new Refusal('not-found', `There is no store ${store}.`, 'Look at --store, or AZURE_APPCONFIG_ENDPOINT.')

function deletedOnly({ pathname }: URL, text: string): Refusal {
  const name = pathname.split('/').map(decodeURIComponent)[2] ?? ''
  return new Refusal(
    'refused',
    text,
    `Bring it back with: cardea secret recover ${name}; or destroy it: cardea secret purge ${name}`,
  )
}

function wordsIn(body: string): { word?: string; text?: string } {
  try {
    const { error, title, detail } = JSON.parse(body) as {
      error?: { message?: unknown; code?: unknown; innererror?: { code?: unknown } }
      title?: unknown
      detail?: unknown
    }
    const text = error?.message ?? (detail || title)
    const word = error?.innererror?.code ?? error?.code
    return {
      ...(typeof text === 'string' && text !== '' && { text: text.split(/\r?\n/, 1)[0] as string }),
      ...(typeof word === 'string' && { word }),
    }
  } catch {
    return {}
  }
}

export const secretPath = (name: string): string => `/secrets/${encodeURIComponent(name)}`
export const deletedSecretPath = (name: string): string => `/deletedsecrets/${encodeURIComponent(name)}`

export const noSecret = (vault: string, name: string): Refusal =>
  new Refusal('not-found', `There is no secret ${name} in ${vault}.`, 'See: cardea secret list')

/** Whether a secret has a version, asked without reading a value; undefined where we may not know. */
export async function hasSecret(vault: Service, name: string): Promise<boolean | undefined> {
  try {
    const { body } = await vault.ask<{ value?: unknown[] }>('GET', `${secretPath(name)}/versions?maxresults=1`)
    return (body.value ?? []).length > 0
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not-found') return false
    if (error instanceof Refusal && error.code === 'forbidden') return undefined
    throw error
  }
}

/** All of a list, page after page. */
export const pagesOf = <T>(...list: Parameters<typeof itemsOf>): Promise<T[]> => Array.fromAsync(itemsOf<T>(...list))

/** What a list has, page after page; a page is asked for when it is needed. */
export async function* itemsOf<T>(
  service: Service,
  path: string,
  items: string,
  next: string,
  headers: Readonly<Record<string, string>> = {},
): AsyncGenerator<T> {
  for (let at: string | undefined = path; at !== undefined; ) {
    const { body }: Answered<Readonly<Record<string, unknown>>> = await service.ask('GET', at, undefined, headers)
    yield* (body[items] as T[] | undefined) ?? []
    at = (body[next] as string | null | undefined) ?? undefined
  }
}
