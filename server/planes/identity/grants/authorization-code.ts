import { takeCode } from '#core/identity/codes.ts'
import { needed } from '../form.ts'
import { Refusal } from '../refusal.ts'
import { delegatedScope } from '../scope.ts'
import { provenSignInClient } from '../sign-in-client.ts'
import type { Grant } from './grant.ts'
import { personIn, personsTokens } from './person.ts'

/** The code that a person's browser brought, for tokens (RFC 6749 4.1.3, RFC 7636 4.5). */
export const authorizationCode: Grant = async (asked) => {
  const { services, form } = asked
  const { base, keyring } = services
  const client = await provenSignInClient(asked)
  const redeeming = {
    code: needed(form, 'code'),
    client: client.appId,
    redirect: needed(form, 'redirect_uri'),
    verifier: needed(form, 'code_verifier', 128),
  }
  const taken = await base.database.write((turn) => takeCode(turn, keyring, redeeming))
  if (taken === 'reused') {
    throw new Refusal(
      400,
      'invalid_grant',
      54005,
      'The authorization code was used before, so the sign-in that came of it has ended. Sign in again.',
    )
  }
  if (taken === 'wrong') {
    throw new Refusal(
      400,
      'invalid_grant',
      70008,
      'The authorization code is unknown or expired, or was given for another application, address or challenge.',
    )
  }
  const { session, agreed } = taken
  const scope = delegatedScope(form.get('scope') ?? agreed.scope, services.graphUrl)
  // What the person agreed to decides whether it lasts.
  const offline = delegatedScope(agreed.scope, services.graphUrl).offline
  const person = await personIn(services, session)
  return personsTokens(services, { session, person, scope: { ...scope, offline }, nonce: agreed.nonce })
}
