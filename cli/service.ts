import type { IncomingMessage } from 'node:http'
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
import { objectIn, type Request, type Transport } from '@cardea/client/transport'
import { newestConfigurationVersion } from '@cardea/contract/appconfig/versions'
import { newestVaultVersion } from '@cardea/contract/vault/versions'
import { type ExitCode, Refusal } from './command.ts'
import { secretPath } from './paths.ts'
import { refused } from './refusals.ts'
import { along, besideLogin, originOf, type Way, type Where, wayTo } from './way.ts'
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
  const store = storeOn(way, '--store', where.store)
  return await along(way, () => work(store, way))
}

/**
 * A store, as who the environment says we are: who has a client secret, else who holds a connection string, else the
 * machine's own identity. A connection string's key opens the store that it was made for, and is shown to no other.
 */
export function storeOn(
  { env, transport }: Pick<Way, 'env' | 'transport'>,
  option: string,
  given: string | undefined,
  tokens = (): Tokens => tokensOf(credentialFrom(env, transport)),
): Service {
  const connection = env.AZURE_APPCONFIG_CONNECTION_STRING
  const held = connection ? connectionFrom(connection) : undefined
  const origin = originOf(option, given, env.AZURE_APPCONFIG_ENDPOINT ?? held?.endpoint)
  const withToken = () => storeAt(origin, transport, byToken(tokens(), `${origin}/.default`))
  if (held === undefined || env.AZURE_CLIENT_SECRET) return withToken()
  if (URL.parse(held.endpoint)?.origin === origin) return storeAt(origin, transport, byKey(held.key))
  try {
    return withToken()
  } catch (error) {
    if (!(error instanceof ConfigurationError) || error.code !== 'invalid') throw error
    throw new Refusal(
      'unauthenticated',
      `The connection string opens ${held.endpoint}, and not ${origin}.`,
      'Give the one of that store as AZURE_APPCONFIG_CONNECTION_STRING, or an identity. See: cardea help env',
    )
  }
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

/** Key Vault's way: asked for the challenge first, without token or body. */
export function vaultAt(origin: string, transport: Transport, tokens: Tokens): Service {
  let challenge: Challenge | undefined
  return serviceAt(origin, newestVaultVersion, transport, async ({ url }) => {
    challenge ??= challengeFrom(new URL(origin), await transport.send({ url }))
    return { authorization: `Bearer ${(await tokens.get(challenge.scope, challenge.tenantId)).token}` }
  })
}

/** App Configuration’s way: each request proves by itself who makes it. */
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
