import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { inSeconds } from '#base/clock.ts'
import { faultOf } from '#base/fault.ts'
import type { Log } from '#base/log.ts'
import type { Principal } from '#core/identity/principal.ts'
import { attest } from '#core/perform.ts'
import type { IdentityServices } from './services.ts'

/**
 * Tokens for the machine's own identity, on loopback only: in the way of the instance metadata service (header
 * `Metadata: true`) and of App Service (header `X-IDENTITY-HEADER`). See clients reference 4. A request that was
 * forwarded is refused: behind a proxy, a browser or a server could be made to send it.
 */
export const instanceTokenPath = '/metadata/identity/oauth2/token'
export const appServiceTokenPath = '/msi/token'

type Services = IdentityServices & {
  /** The identity of this machine, looked up each time so that it can be switched off. */
  readonly identity: () => Promise<Principal | undefined>
  readonly identityHeader: string
  readonly log: Log
}

export function managedIdentity(services: Services) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    void answer(services, request)
      .catch((error: unknown) => {
        services.log.error({ error }, 'a managed identity request failed')
        const status = faultOf(error).code === 'unavailable' ? 503 : 500
        return refusal(status, 'server_error', 'The identity service could not answer. Try again.')
      })
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
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
  if (!isFromHere(request)) {
    return refusal(400, 'invalid_request', 'Only programs of this machine that ask 127.0.0.1 are answered.')
  }
  const url = new URL(request.url ?? '/', 'http://loopback')
  const path = url.pathname.replace(/\/$/, '')
  const instance = path === instanceTokenPath
  if (!instance && path !== appServiceTokenPath) return refusal(404, 'not_found', `There is no ${clean(path)} here.`)
  if (request.method !== 'GET') return refusal(405, 'invalid_request', 'Ask with GET.')
  if (request.headers['x-forwarded-for'] !== undefined || request.headers.forwarded !== undefined) {
    return refusal(400, 'invalid_request', 'Forwarded requests are not answered.')
  }
  if (instance && String(request.headers.metadata).toLowerCase() !== 'true') {
    return refusal(400, 'invalid_request', 'Required metadata header not specified')
  }
  if (
    !instance &&
    !same(String(request.headers['x-identity-header'] ?? request.headers.secret ?? ''), services.identityHeader)
  ) {
    return refusal(401, 'invalid_request', 'The X-IDENTITY-HEADER is missing or wrong.')
  }
  return issue(services, url.searchParams)
}

async function issue({ base, identity, tokens, clock, tenant }: Services, query: URLSearchParams): Promise<Said> {
  const resource = query.get('resource') ?? ''
  if (resource === '' || resource.length > 512)
    return refusal(400, 'invalid_request', "The parameter 'resource' is missing.")
  const principal = await identity()
  const wanted = query.get('client_id') ?? query.get('clientid') ?? query.get('object_id') ?? query.get('principal_id')
  if (
    principal === undefined ||
    !principal.enabled ||
    (wanted !== null && ![principal.appId, principal.objectId].includes(wanted.toLowerCase()))
  ) {
    return refusal(400, 'invalid_request', 'Identity not found')
  }
  const at = clock()
  const access_token = await tokens.mint({ principal, audience: resource }, at)
  const caller = { objectId: principal.objectId, appId: principal.appId }
  await attest(
    base,
    {
      operation: 'TokenIssue',
      resource: `/tenants/${tenant}`,
      caller,
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
