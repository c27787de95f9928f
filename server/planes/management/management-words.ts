import type { Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { json } from '#base/media-types.ts'
import type { TokenBook } from '#core/identity/tokens.ts'
import { audienceIs, bearer, bearerChallenge } from '../bearer.ts'
import { guarded, jsonAnswer } from '../json-answer.ts'
import type { Answer, Call, PlaneWords } from '../plane.ts'
import { retryAfter } from '../retry-after.ts'
import type { Tenancy } from '../tenancy.ts'
import { managementError } from './errors.ts'
import { knows } from './providers/catalogue.ts'

export type ManagementServices = {
  readonly tokens: TokenBook
  readonly clock: Clock
  readonly tenancy: Tenancy
  readonly domain: string
  /** The authority that the challenge names. */
  readonly authority: string
}

/** How Azure Resource Manager speaks: a token from the start, its errors, its headers. */
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
    versions: anyDate,
    unknownVersion,
    say(call, _tenancy, status, result): Answer {
      return jsonAnswer(headersOf(call), status, result)
    },
    refuse(call, fault): Answer {
      const { status, body } = managementError(outOfPlace(call, fault))
      const headers: Record<string, string> = { ...headersOf(call), 'content-type': json, ...retryAfter(status, fault) }
      if (status === 401) headers['www-authenticate'] = bearerChallenge(authority)
      return { status, headers, body: JSON.stringify(body) }
    },
  }
}

/** Clients send the api-version that they were built with; every one is answered in the same way. */
const anyDate = { has: (version: string) => /^\d{4}-\d{2}-\d{2}(-preview|-alpha|-beta)?$/.test(version) }

const unknownVersion = (version: string | undefined): Fault =>
  version === undefined
    ? new Fault('invalid', 'The api-version query parameter (?api-version=) is required for all requests.', {
        arm: 'MissingApiVersionParameter',
      })
    : new Fault('invalid', `The api-version '${version.slice(0, 64)}' is invalid. It must be a date, as 2022-07-01.`, {
        arm: 'InvalidApiVersionParameter',
      })

/** What isn't answered at all, in the words of what it asked for: a type of resource that isn't here, or nothing known. */
function outOfPlace({ target }: Call, fault: Fault): Fault {
  if (fault.particulars.kind !== 'route') return fault
  const path = (target.split('?', 1)[0] as string).replace(/\/+/g, '/')
  const [, namespace, type] = /.*\/providers\/([^/]+)\/([^/]+)/i.exec(path) ?? []
  if (namespace === undefined || type === undefined) return fault
  const known = knows(namespace, type)
  if (known === 'type') return fault
  return known === 'nothing'
    ? new Fault('not-found', `The resource namespace '${namespace.slice(0, 128)}' is invalid.`, {
        arm: 'InvalidResourceNamespace',
      })
    : new Fault(
        'not-found',
        `The resource type '${type.slice(0, 128)}' could not be found in the namespace '${namespace.slice(0, 128)}'.`,
        { arm: 'InvalidResourceType' },
      )
}

const headersOf = (call: Call): Record<string, string> => ({
  ...guarded,
  pragma: 'no-cache',
  expires: '-1',
  'x-ms-request-id': call.requestId,
  'x-ms-correlation-request-id': call.circumstances.correlation || call.requestId,
})
