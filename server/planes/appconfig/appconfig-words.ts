import { configurationVersions } from '@cardea/contract/appconfig/versions'
import type { Clock, Instant } from '#base/clock.ts'
import type { Database } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { AccessKeyBook } from '#core/access/access-keys.ts'
import type { TokenBook } from '#core/identity/tokens.ts'
import type { Store } from '#core/vaults/store.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import { serviceIn } from '../bearer.ts'
import type { Spenders } from '../http/quota.ts'
import { type Answer, type Call, type PlaneWords, Reply } from '../plane.ts'
import { configurationError, unknownConfigurationVersion } from './errors.ts'
import { hmacScheme, refuseForged, refuseOtherBody, refuseUnfit, signedFrom } from './hmac.ts'
import { mementoOf } from './moments.ts'
import { type StoreQuota, spending } from './throttling.ts'

export type ConfigurationServices = {
  readonly stores: VaultBook
  readonly accessKeys: AccessKeyBook
  readonly tokens: TokenBook
  readonly database: Database<never>
  readonly clock: Clock
  readonly domain: string
  readonly quota: StoreQuota | undefined
  /** What counts it. */
  readonly spenders: Spenders
}

/** What clients ask for that don't name the store, in each of Azure's clouds. */
const serviceAudiences: ReadonlySet<string> = new Set([
  'https://azconfig.io',
  ...['com', 'us', 'cn'].map((cloud) => `https://appconfig.azure.${cloud}`),
])

/** How App Configuration's data plane speaks: signatures and tokens, sync tokens, errors (its REST reference: *Authentication*, *Consistency*, *Key-values*). */
export function appconfigWords(services: ConfigurationServices): PlaneWords<Store> {
  const { stores, accessKeys, tokens, database, clock, domain, quota } = services

  // Clients ask for a token for the store itself, with or without port and slash, or for the service (clients 3.4).
  const audienceOf = (store: string) => (given: string) => {
    const service = serviceIn(given)
    return (
      service === `https://${store}.config.${domain}` ||
      service === `https://config.${domain}` ||
      serviceAudiences.has(service)
    )
  }

  async function byAccessKey(call: Call, parameters: string) {
    const signed = signedFrom(parameters)
    refuseUnfit(signed, call, clock())
    const key = await accessKeys.key(call.name, signed.credential)
    if (key === undefined) throw new Fault('unauthenticated', 'Invalid Credential')
    refuseForged(signed, call, key.secret)
    return key.caller
  }

  return {
    async identify(call) {
      const { scheme, parameters } = authorizationOf(call)
      if (scheme === 'none') throw new Fault('unauthenticated', 'No credential')
      const caller =
        scheme === 'hmac'
          ? await byAccessKey(call, parameters)
          : await tokens.verify(parameters, audienceOf(call.name), clock())
      return { caller, subject: await stores.store(call.name) }
    },
    async prove(call, { subject: store }) {
      if (store?.publicAccess === false) {
        throw new Fault('forbidden', 'Public network access to this store is disabled.', { action: 'connect' })
      }
      if (authorizationOf(call).scheme === 'hmac') refuseOtherBody(call)
    },
    ...(quota !== undefined && { spend: spending(quota, services.spenders) }),
    resource: ({ resourceId }) => resourceId,
    versions: configurationVersions,
    unknownVersion: unknownConfigurationVersion,
    say(call, _store, status, result): Answer {
      const { answer } = result instanceof Reply ? result : new Reply(status, {})
      const headers = { ...headersOf(call, database.sequence), ...answer.headers }
      return { ...answer, headers: answer.status < 400 ? remembering(call, clock(), headers) : headers }
    },
    refuse(call, fault, known): Answer {
      const { status, problem } = outOfPlace(call, fault) ?? configurationError(fault)
      // How much happens here is nothing to tell a stranger.
      const sequence = known === undefined || status === 401 ? 0 : database.sequence
      const said = headersOf(call, status < 500 ? sequence : undefined)
      const headers = status === 404 ? remembering(call, clock(), said) : said
      if (status === 401) headers['www-authenticate'] = challenge(call, fault)
      const { retryMs = '1000', quota: full } = fault.particulars
      // There is no room sooner for asking again.
      if (status === 503 || (status === 429 && full === undefined)) headers['retry-after-ms'] = retryMs
      if (problem === undefined) return { status, headers }
      headers['content-type'] = 'application/problem+json; charset=utf-8'
      return { status, headers, body: JSON.stringify(problem) }
    },
  }
}

/** The headers of an answer, with those that an answer about the past has. The link to the next page stays the first. */
function remembering(call: Call, at: Instant, headers: Record<string, string>): Record<string, string> {
  const memento = mementoOf(call, at)
  if (memento === undefined) return headers
  const { link } = headers
  return {
    ...headers,
    'memento-datetime': memento.instant,
    link: link === undefined ? memento.link : `${link}, ${memento.link}`,
  }
}

/** What isn't answered at all: another method on a path that we know is 405; what we don't know says so in its body. */
function outOfPlace(call: Call, fault: Fault): ReturnType<typeof configurationError> | undefined {
  if (fault.particulars.kind !== 'route') return undefined
  if (/^\/+(?:keys|kv|labels|locks|operations|revisions|snapshots)(?:\/|\?|$)/i.test(call.target))
    return { status: 405, problem: undefined }
  return { status: 404, problem: { type: 'about:blank', title: 'Not found', detail: fault.message, status: 404 } }
}

type Scheme = 'hmac' | 'bearer' | 'none'
function authorizationOf({ headers }: Call): { readonly scheme: Scheme; readonly parameters: string } {
  const given = String(headers.authorization ?? '')
  const space = given.indexOf(' ')
  const scheme = schemes.get(given.slice(0, Math.max(space, 0)).toLowerCase()) ?? 'none'
  return { scheme, parameters: given.slice(space + 1).trim() }
}
const schemes = new Map<string, Scheme>([
  [hmacScheme.toLowerCase(), 'hmac'],
  ['bearer', 'bearer'],
])

function challenge(call: Call, fault: Fault): string {
  switch (authorizationOf(call).scheme) {
    case 'hmac':
      return `${hmacScheme} error="invalid_token" error_description="${fault.message}", Bearer`
    case 'bearer':
      return `${hmacScheme}, Bearer error="invalid_token", error_description="Authorization token failed validation"`
    case 'none':
      return `${hmacScheme}, Bearer`
  }
}

/**
 * The sync token is the change journal's sequence number, on everything that we answer on purpose: one client crashes
 * without it, and another throws on what doesn't look like `id=value;sn=number`.
 */
function headersOf(call: Call, sequence: number | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    'cache-control': 'no-store',
    'x-ms-request-id': call.requestId,
    'x-ms-correlation-request-id': call.requestId,
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
  }
  if (sequence !== undefined) {
    headers['sync-token'] = `cardea=${Buffer.from(String(sequence)).toString('base64url')};sn=${sequence}`
  }
  const { correlation } = call.circumstances
  if (correlation !== '' && String(call.headers['x-ms-return-client-request-id']).toLowerCase() === 'true') {
    headers['x-ms-client-request-id'] = correlation
  }
  return headers
}
