import type { Clock } from '#base/clock.ts'
import type { FaultCode } from '#base/fault.ts'
import { json } from '#base/media-types.ts'
import type { TokenBook } from '#core/identity/tokens.ts'
import { audienceIs, bearer, bearerChallenge } from '../bearer.ts'
import { guarded, jsonAnswer } from '../json-answer.ts'
import type { Answer, Call, PlaneWords } from '../plane.ts'
import { retryAfter } from '../retry-after.ts'
import { directoryResource, type Tenancy } from '../tenancy.ts'

export type DirectoryServices = {
  readonly tokens: TokenBook
  readonly clock: Clock
  readonly tenancy: Tenancy
  readonly domain: string
  /** The authority that the challenge names. */
  readonly authority: string
}

/** How Microsoft Graph speaks: a token from the start, and errors that always have a message (its *error responses*), since az prints that. */
export function directoryWords({ tokens, clock, tenancy, domain, authority }: DirectoryServices): PlaneWords<Tenancy> {
  const audience = audienceIs(
    `https://graph.${domain}`,
    'https://graph.microsoft.com',
    '00000003-0000-0000-c000-000000000000',
  )
  return {
    async identify(call) {
      const token = bearer(call, 'Access token is empty.')
      return { caller: await tokens.verify(token, audience, clock()), subject: tenancy }
    },
    resource: () => directoryResource,
    versions: undefined,
    unknownVersion: () => {
      throw new Error('the version is in the path')
    },
    say(call, _tenancy, status, result): Answer {
      return jsonAnswer(headersOf(call), status, result)
    },
    refuse(call, fault): Answer {
      const [status, code] = said[fault.code]
      const headers: Record<string, string> = { ...headersOf(call), 'content-type': json, ...retryAfter(status, fault) }
      if (status === 401) headers['www-authenticate'] = bearerChallenge(authority)
      const body = {
        error: {
          code: fault.particulars.graph ?? code,
          message: fault.code === 'forbidden' ? 'Insufficient privileges to complete the operation.' : fault.message,
          innerError: { 'request-id': call.requestId, 'client-request-id': call.circumstances.correlation },
        },
      }
      return { status, headers, body: JSON.stringify(body) }
    },
  }
}

const said: Record<FaultCode, readonly [status: number, code: string]> = {
  invalid: [400, 'Request_BadRequest'],
  unauthenticated: [401, 'InvalidAuthenticationToken'],
  forbidden: [403, 'Authorization_RequestDenied'],
  'not-found': [404, 'Request_ResourceNotFound'],
  'deleted-not-found': [404, 'Request_ResourceNotFound'],
  'deleted-but-recoverable': [400, 'Request_BadRequest'],
  conflict: [409, 'Request_MultipleObjectsWithSameKeyValue'],
  precondition: [412, 'Request_PreconditionFailed'],
  locked: [409, 'Directory_ConcurrencyViolation'],
  disabled: [403, 'Authorization_RequestDenied'],
  protected: [403, 'Authorization_RequestDenied'],
  unsettled: [409, 'Directory_ConcurrencyViolation'],
  'too-large': [413, 'Request_EntityTooLarge'],
  throttled: [429, 'TooManyRequests'],
  unavailable: [503, 'ServiceUnavailable'],
  internal: [500, 'InternalServerError'],
}

const headersOf = (call: Call): Record<string, string> => ({
  ...guarded,
  'request-id': call.requestId,
  'client-request-id': call.circumstances.correlation || call.requestId,
})
