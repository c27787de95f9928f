import type { Clock } from '#base/clock.ts'
import type { TokenBook } from '#core/identity/tokens.ts'
import { audienceIs, bearer } from '../bearer.ts'
import { type Answer, type Call, type PlaneWords, Reply } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'
import { managementError } from './errors.ts'

export type ManagementServices = {
  readonly tokens: TokenBook
  readonly clock: Clock
  readonly tenancy: Tenancy
  readonly domain: string
  /** The authority that the challenge names. */
  readonly authority: string
}

/** How Azure Resource Manager speaks: a token from the start, its errors, its headers (clients reference 5.1). */
export function managementWords({
  tokens,
  clock,
  tenancy,
  domain,
  authority,
}: ManagementServices): PlaneWords<Tenancy> {
  const audience = audienceIs(
    `https://management.${domain}`,
    'https://management.azure.com',
    'https://management.core.windows.net',
  )
  return {
    async identify(call) {
      const token = bearer(call, "The access token is missing; send it as 'Authorization: Bearer …'.")
      return { caller: await tokens.verify(token, audience, clock()), subject: tenancy }
    },
    resource: ({ subscription }) => `/subscriptions/${subscription}`,
    versions: undefined,
    unknownVersion: () => {
      throw new Error('every api-version is taken')
    },
    say(call, _tenancy, status, result): Answer {
      const { answer } = result instanceof Reply ? result : new Reply(status, {}, bodyOf(status, result))
      const headers = { ...headersOf(call), ...answer.headers }
      if (answer.body !== undefined && headers['content-type'] === undefined) headers['content-type'] = json
      return { ...answer, headers }
    },
    refuse(call, fault): Answer {
      const { status, body } = managementError(fault)
      const headers: Record<string, string> = { ...headersOf(call), 'content-type': json }
      if (status === 401) headers['www-authenticate'] = `Bearer authorization_uri="${authority}", error="invalid_token"`
      if (status === 503) headers['retry-after'] = '1'
      return { status, headers, body: JSON.stringify(body) }
    },
  }
}

const json = 'application/json; charset=utf-8'
const bodyOf = (status: number, result: unknown): string | undefined =>
  status === 204 || result === undefined ? undefined : JSON.stringify(result)

const headersOf = (call: Call): Record<string, string> => ({
  'cache-control': 'no-cache',
  pragma: 'no-cache',
  expires: '-1',
  'x-ms-request-id': call.requestId,
  'x-ms-correlation-request-id': call.circumstances.correlation || call.requestId,
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
})
