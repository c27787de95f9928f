import { faultOf } from '#base/fault.ts'
import { personOf } from '#core/identity/people.ts'
import { tokenStands } from '#core/identity/standing.ts'
import { audienceIs, bearer } from '../bearer.ts'
import type { Bare } from '../http/served.ts'
import type { Answer, Call } from '../plane.ts'
import { attested, attestedRefusal } from './attested.ts'
import { fresh } from './refusal.ts'
import type { IdentityServices } from './services.ts'

/** Who the bearer of a person's token is (OpenID Connect Core 5.3). */
export const userinfo = (services: IdentityServices): readonly Bare[] =>
  (['GET', 'POST'] as const).map((method) => ({
    plane: 'identity',
    method,
    path: '/oidc/userinfo',
    answer: (call) => answer(services, call),
  }))

async function answer(services: IdentityServices, call: Call): Promise<Answer> {
  const { base, keyring, tokens, clock, graphUrl } = services
  const refuse = async (): Promise<Answer> => {
    await attestedRefusal(services, call, 'UserInfo', { status: 401, error: 'invalid_token' })
    return refused
  }
  try {
    const { objectId, appId, credential } = await tokens.verify(
      bearer(call, 'A token is needed.'),
      audienceIs(graphUrl),
      clock(),
    )
    const sql = base.database.read
    const person = await personOf(sql, keyring, objectId)
    if (person === undefined || credential === undefined || !(await tokenStands(sql, keyring, objectId, credential)))
      return await refuse()
    const { principal, signInName } = person
    const body = { sub: objectId, oid: objectId, name: principal.name, preferred_username: signInName }
    await attested(services, call, 'UserInfo', { principal, appId })
    return { status: 200, headers: fresh, body: JSON.stringify(body) }
  } catch (error) {
    if (faultOf(error).code === 'unauthenticated') return refuse()
    throw error
  }
}

const refused: Answer = {
  status: 401,
  headers: { ...fresh, 'www-authenticate': 'Bearer error="invalid_token"' },
  body: JSON.stringify({ error: 'invalid_token', error_description: 'The token is missing, wrong, or was revoked.' }),
}
