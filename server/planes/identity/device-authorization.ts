import { Allowance } from '#base/allowance.ts'
import { networkOf } from '#base/network.ts'
import { deviceCodeLifeSeconds, newDeviceCode, pollSeconds } from '#core/identity/device-codes.ts'
import type { Bare } from '../http/served.ts'
import type { Answer, Call } from '../plane.ts'
import { attested, attestedRefusal } from './attested.ts'
import { tooMany } from './client.ts'
import { isOurTenant } from './discovery.ts'
import { formOf } from './form.ts'
import { fresh, refusalAnswer, refusalOf, unknownTenant } from './refusal.ts'
import { delegatedScope } from './scope.ts'
import type { IdentityServices } from './services.ts'
import { namedSignInClient } from './sign-in-client.ts'

/** Anybody may ask in an open program's name, and each pair of codes is kept: so many from one network, and then one in two seconds. */
const measure = { burst: 60, perSecond: 0.5 }

/** A program asks for codes to have somebody sign in elsewhere (RFC 8628 3.1). */
export function deviceAuthorization(services: IdentityServices): readonly Bare[] {
  const allowance = new Allowance(measure)
  return [
    '/:tenant/oauth2/v2.0/devicecode',
    '/adfs/:tenant/oauth2/v2.0/devicecode',
    '/adfs/t/:tenant/oauth2/v2.0/devicecode',
  ].map((path) => ({ plane: 'identity', method: 'POST', path, answer: (call) => answer(services, allowance, call) }))
}

async function answer(services: IdentityServices, allowance: Allowance, call: Call): Promise<Answer> {
  const { base, keyring, loginUrl, graphUrl, tenant, clock } = services
  try {
    const form = formOf(call)
    if (!isOurTenant(tenant, call.params.tenant)) throw unknownTenant(call.params.tenant)
    const { principal } = await namedSignInClient(services, form)
    const scope = form.get('scope') ?? ''
    delegatedScope(scope, graphUrl)
    const waitMs = allowance.take(networkOf(call.circumstances.address))
    if (waitMs > 0) throw tooMany(waitMs)
    const { deviceCode, userCode } = await base.database.write((turn) =>
      newDeviceCode(turn, keyring, { client: principal.appId, scope }),
    )
    const page = `${loginUrl}/${tenant}/oauth2/deviceauth`
    const body = {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: page,
      verification_url: page,
      expires_in: deviceCodeLifeSeconds,
      interval: pollSeconds,
      message: `To sign in, use a web browser to open the page ${page} and enter the code ${userCode} to authenticate.`,
    }
    await attested(services, call, 'DeviceCodeIssue', { principal, appId: principal.appId })
    return { status: 200, headers: fresh, body: JSON.stringify(body) }
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal.status < 500) await attestedRefusal(services, call, 'DeviceCodeIssue', refusal)
    return refusalAnswer(refusal, call, clock())
  }
}
