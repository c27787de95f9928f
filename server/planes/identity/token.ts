import type { Answer, Call } from '../plane.ts'
import { attested, attestedRefusal } from './attested.ts'
import { withBasic } from './basic.ts'
import { isOurTenant } from './discovery.ts'
import { formOf } from './form.ts'
import { authorizationCode } from './grants/authorization-code.ts'
import { clientCredentials } from './grants/client-credentials.ts'
import { deviceCode } from './grants/device-code.ts'
import type { Given, Grant } from './grants/grant.ts'
import { password } from './grants/password.ts'
import { refreshToken } from './grants/refresh-token.ts'
import { clean, fresh, Refusal, refusalAnswer, refusalOf, unknownTenant } from './refusal.ts'
import type { IdentityServices } from './services.ts'

const grants = new Map<string, Grant>([
  ['client_credentials', clientCredentials],
  ['password', password],
  ['refresh_token', refreshToken],
  ['authorization_code', authorizationCode],
  ['urn:ietf:params:oauth:grant-type:device_code', deviceCode],
])

/** The token endpoint (RFC 6749 3.2): each grant in a file of its own. */
export const token =
  (services: IdentityServices) =>
  async (call: Call): Promise<Answer> => {
    try {
      const given = await grantedTo(services, call)
      await attested(services, call, 'TokenIssue', given)
      return { status: 200, headers: fresh, body: JSON.stringify(given.body) }
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal.status < 500) await attestedRefusal(services, call, 'TokenIssue', refusal)
      return refusalAnswer(refusal, call, services.clock())
    }
  }

function grantedTo(services: IdentityServices, call: Call): Promise<Given> {
  const form = withBasic(formOf(call), call)
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
