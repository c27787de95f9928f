import { takeRefreshToken } from '#core/identity/sessions.ts'
import { needed } from '../form.ts'
import { Refusal } from '../refusal.ts'
import { delegatedScope } from '../scope.ts'
import { provenSignInClient } from '../sign-in-client.ts'
import type { Grant } from './grant.ts'
import { personIn, personsTokens } from './person.ts'

/** A refresh token for new tokens (RFC 6749 6): each is used once, and gives the next. */
export const refreshToken: Grant = async (asked) => {
  const { services, form } = asked
  const { base, keyring } = services
  // What is asked for another audience than before is the person's to ask: roles decide, not the token's scope.
  const scope = { ...delegatedScope(form.get('scope'), services.graphUrl), offline: true }
  const client = await provenSignInClient(asked)
  const word = needed(form, 'refresh_token')
  const session = await base.database.write((turn) => takeRefreshToken(turn, keyring, word, client.appId))
  if (session === 'reused') {
    throw new Refusal(
      400,
      'invalid_grant',
      50173,
      'The refresh token was used before, so the sign-in that it belongs to has ended. Sign in again.',
    )
  }
  if (typeof session === 'string')
    throw new Refusal(400, 'invalid_grant', 70008, 'The refresh token is unknown, expired or revoked. Sign in again.')
  return personsTokens(services, { session, person: await personIn(services, session), scope })
}
