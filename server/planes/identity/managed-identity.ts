import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Allowance } from '#base/allowance.ts'
import { inSeconds } from '#base/clock.ts'
import { faultOf } from '#base/fault.ts'
import type { Log } from '#base/log.ts'
import { json } from '#base/media-types.ts'
import {
  type Here,
  machineIdentity,
  type WantedIdentity,
  workloadIdentity,
  workloadsHere,
} from '#core/directory/machine.ts'
import { attest } from '#core/perform.ts'
import type { IdentityServices } from './services.ts'

/**
 * Tokens for the machine's identities, on loopback only, in the ways that Azure's libraries ask: the instance metadata
 * service and the older VM extension (header `Metadata: true`), and App Service, newer and older (a header with a
 * secret). A request that was forwarded is refused: behind a proxy, a browser or a server could be made to send it.
 */
export const instanceTokenPath = '/metadata/identity/oauth2/token'
export const appServiceTokenPath = '/msi/token'

type Services = IdentityServices & {
  /** Whom programs here may be. */
  readonly here: Here
  readonly identityHeader: string
  readonly log: Log
}

/** The secret with which a program shows that it is of this workload; the other is for whoever may be any that is allowed here. */
export const workloadHeader = (identityHeader: string, workload: string): string =>
  createHmac('sha256', identityHeader).update(workload.toLowerCase()).digest('base64url')

/** Azure's own answers twenty in a second for a machine, and its libraries wait as they are told. */
const measure = { burst: 200, perSecond: 20 }

/** What answers programs on this machine, as Azure's own endpoint would. */
export function managedIdentity(services: Services) {
  const allowance = new Allowance(measure)
  return (request: IncomingMessage, response: ServerResponse): void => {
    if (allowance.take('') > 0) {
      response.writeHead(429, { 'content-type': json, 'retry-after': '1' })
      response.end(JSON.stringify(refusal(429, 'temporarily_unavailable', 'Too many requests. Wait a second.').body))
      return
    }
    void answer(services, request)
      .catch((error: unknown) => {
        services.log.error({ error }, 'a managed identity request failed')
        const status = faultOf(error).code === 'unavailable' ? 503 : 500
        return refusal(status, 'server_error', 'The identity service could not answer. Try again.')
      })
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': json, 'cache-control': 'no-store' })
        response.end(JSON.stringify(body))
      })
  }
}

type Said = { readonly status: number; readonly body: unknown }
const refusal = (status: number, error: string, error_description: string): Said => ({
  status,
  body: { error, error_description },
})

/**
 * A page whose name was rebound to loopback is of one origin with us, and may send any header: its own name stands in
 * `Host`, and a browser says that it is one.
 */
const isFromHere = ({ headers, url = '' }: IncomingMessage): boolean =>
  /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/i.test(headers.host ?? '') &&
  url.startsWith('/') &&
  headers.origin === undefined &&
  headers['sec-fetch-site'] === undefined

async function answer(services: Services, request: IncomingMessage): Promise<Said> {
  const { headers, method } = request
  if (!isFromHere(request)) {
    return refusal(400, 'invalid_request', 'Only programs of this machine that ask 127.0.0.1 are answered.')
  }
  const url = new URL(request.url ?? '/', 'http://loopback')
  const path = url.pathname.replace(/\/$/, '')
  if (path !== instanceTokenPath && path !== appServiceTokenPath)
    return refusal(404, 'not_found', `There is no ${clean(path)} here.`)
  if (method !== 'GET' && method !== 'POST') return refusal(405, 'invalid_request', 'Ask with GET.')
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) {
    return refusal(400, 'invalid_request', 'Forwarded requests are not answered.')
  }
  let asker: Asker | undefined = { of: 'machine' }
  if (path === instanceTokenPath || method === 'POST') {
    if (String(headers.metadata).toLowerCase() !== 'true')
      return refusal(400, 'invalid_request', 'Required metadata header not specified')
  } else asker = askerWith(services, String(headers['x-identity-header'] ?? headers.secret ?? ''))
  if (asker === undefined) return refusal(401, 'invalid_request', 'The X-IDENTITY-HEADER is missing or wrong.')
  if (method === 'GET') return issue(services, asker, url.searchParams)
  const form = await formOf(request)
  return form === undefined ? refusal(413, 'invalid_request', 'The form is too large.') : issue(services, asker, form)
}

/** Who asks: some program of the machine, or one of a workload, by the header that only its programs were told. */
type Asker = { readonly of: 'machine' } | { readonly of: 'workload'; readonly workload: string }

function askerWith({ here, identityHeader }: Services, header: string): Asker | undefined {
  if (same(header, identityHeader)) return { of: 'machine' }
  const workload = workloadsHere(here).find((one) => same(header, workloadHeader(identityHeader, one)))
  return workload === undefined ? undefined : { of: 'workload', workload }
}

const formBytesMax = 8 * 1024
/** The older VM extension is asked with a form. Nothing when it is larger than anything sensible. */
async function formOf(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > formBytesMax) return undefined
    parts.push(part)
  }
  return new URLSearchParams(Buffer.concat(parts).toString('utf8'))
}

/** By what names each way asks for an identity. */
const names: Readonly<Record<string, Exclude<WantedIdentity['by'], 'none'>>> = {
  client_id: 'client',
  clientid: 'client',
  object_id: 'object',
  principal_id: 'object',
  msi_res_id: 'resource',
  mi_res_id: 'resource',
}

/** Which identity is asked for; nothing when it is named twice, or by something that is no name. */
function wantedIn(query: URLSearchParams): WantedIdentity | undefined {
  const given = [...query].filter(([name]) => Object.hasOwn(names, name.toLowerCase()))
  const [first, ...more] = given
  if (first === undefined) return { by: 'none' }
  const by = names[first[0].toLowerCase()]
  return by === undefined || more.length > 0 || first[1] === '' ? undefined : { by, id: first[1] }
}

async function issue(
  { base, here, tokens, clock, tenant }: Services,
  asker: Asker,
  query: URLSearchParams,
): Promise<Said> {
  const resource = query.get('resource') ?? ''
  if (resource === '' || resource.length > 512 || query.getAll('resource').length > 1)
    return refusal(400, 'invalid_request', "The parameter 'resource' is missing.")
  const wanted = wantedIn(query)
  if (wanted === undefined) return refusal(400, 'invalid_request', 'Only one identity can be asked for.')
  const reading = { sql: base.database.read, keyring: base.keyring }
  const found =
    asker.of === 'machine'
      ? await machineIdentity(reading, here, wanted)
      : await workloadIdentity(reading, asker.workload, wanted)
  if (found === 'several') {
    return refusal(
      400,
      'invalid_request',
      'Multiple identities exist here. Say which by client_id, object_id or msi_res_id, or ask with the header of a workload.',
    )
  }
  if (found === undefined) return refusal(400, 'invalid_request', 'Identity not found')
  const { principal, resourceId } = found
  const at = clock()
  const access_token = await tokens.mint(
    { principal, audience: resource, ...(resourceId !== undefined && { resourceId }) },
    at,
  )
  await attest(
    base,
    {
      operation: 'TokenIssue',
      resource: `/tenants/${tenant}`,
      caller: { objectId: principal.objectId, appId: principal.appId },
      circumstances: { address: '127.0.0.1', correlation: '', agent: 'managed-identity' },
    },
    'done',
  )
  const now = inSeconds(at)
  return {
    status: 200,
    body: {
      access_token,
      client_id: principal.appId,
      expires_in: String(tokens.lifeSeconds),
      expires_on: String(now + tokens.lifeSeconds),
      not_before: String(now),
      resource,
      token_type: 'Bearer',
    },
  }
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

const clean = (text: string): string => text.slice(0, 128).replace(/[^\w./-]/g, '?')
