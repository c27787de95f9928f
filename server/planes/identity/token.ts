import { faultOf } from '#base/fault.ts'
import { stranger } from '#core/identity/caller.ts'
import { attest } from '#core/perform.ts'
import type { Answer, Call } from '../plane.ts'
import { isOurTenant } from './discovery.ts'
import { formOf } from './form.ts'
import { clientCredentials } from './grants/client-credentials.ts'
import type { Given, Grant } from './grants/grant.ts'
import { clean, fresh, Refusal, refusalAnswer, unknownTenant } from './refusal.ts'
import type { IdentityServices } from './services.ts'

const grants = new Map<string, Grant>([['client_credentials', clientCredentials]])

/** The token endpoint (RFC 6749 3.2): each grant in a file of its own. */
export const token =
  (services: IdentityServices) =>
  async (call: Call): Promise<Answer> => {
    try {
      const given = await grantedTo(services, call)
      await attested(services, call, given, 'done')
      return { status: 200, headers: fresh, body: JSON.stringify(given.body) }
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.status < 500) await attested(services, call, undefined, refusal.error)
      return refusalAnswer(refusal, call, services.clock())
    }
  }

function grantedTo(services: IdentityServices, call: Call): Promise<Given> {
  const form = formOf(call)
  if (!isOurTenant(services.tenant, call.params.tenant)) throw unknownTenant(call.params.tenant)
  const type = form.get('grant_type') ?? ''
  const grant = grants.get(type)
  if (grant === undefined) {
    throw new Refusal(
      400,
      'unsupported_grant_type',
      70003,
      `The app requested an unsupported grant type '${clean(type)}'.`,
    )
  }
  return grant({ services, form, call })
}

/** Keeps who was given a token, or that nobody was. */
export const attested = (
  { base, tenant }: IdentityServices,
  { circumstances }: Call,
  given: Pick<Given, 'principal' | 'appId'> | undefined,
  outcome: string,
): Promise<void> =>
  attest(
    base,
    {
      operation: 'TokenIssue',
      resource: `/tenants/${tenant}`,
      caller: given === undefined ? stranger : { objectId: given.principal.objectId, appId: given.appId },
      circumstances,
    },
    outcome,
  )

/** What went wrong, as a refusal; a bug stays one. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (faultOf(error).code !== 'unavailable') throw error
  return new Refusal(503, 'temporarily_unavailable', 90033, 'A transient error has occurred. Please try again.')
}
