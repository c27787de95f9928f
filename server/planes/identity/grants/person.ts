import type { Turn } from '#base/database.ts'
import { type PersonSignedIn, personOf } from '#core/identity/people.ts'
import { newRefreshToken, type Session } from '#core/identity/sessions.ts'
import { sessionReference } from '#core/identity/standing.ts'
import { Refusal } from '../refusal.ts'
import type { Scope } from '../scope.ts'
import type { IdentityServices } from '../services.ts'
import type { Given } from './grant.ts'

/** What a grant opened: whose session with which application, for what. */
export type Opened = {
  readonly session: Session
  readonly person: PersonSignedIn
  readonly scope: Scope
  readonly nonce?: string | undefined
}

/** A person's tokens: the access token that rests on the session, and what else was asked for (OpenID Connect Core 3.1.3.3). */
export async function personsTokens(
  services: IdentityServices,
  { session, person, scope, nonce }: Opened,
): Promise<Given> {
  const { base, keyring, tokens, clock, tenant } = services
  const { principal, signInName } = person
  const refresh = scope.offline
    ? await base.database.write((turn: Turn) => newRefreshToken(turn, keyring, session))
    : undefined
  const said = { client: session.client, signInName, session: session.id, ends: session.ends }
  const at = clock()
  const lives = tokens.secondsFrom(at, session.ends)
  const credential = sessionReference(session.id)
  const accessToken = await tokens.mint({ principal, audience: scope.audience, credential, person: said }, at)
  return {
    principal,
    appId: session.client,
    body: {
      token_type: 'Bearer',
      scope: scope.words,
      expires_in: lives,
      ext_expires_in: lives,
      access_token: accessToken,
      ...(refresh !== undefined && { refresh_token: refresh }),
      ...(scope.openid && {
        id_token: await tokens.introduce({ principal, person: said, ...(nonce !== undefined && { nonce }) }, at),
      }),
      client_info: Buffer.from(JSON.stringify({ uid: principal.objectId, utid: tenant })).toString('base64url'),
    },
  }
}

/** The person of a session, who may have been switched off since it was opened. */
export async function personIn({ base, keyring }: IdentityServices, { principal }: Session): Promise<PersonSignedIn> {
  const person = await personOf(base.database.read, keyring, principal)
  if (person === undefined) throw new Refusal(400, 'invalid_grant', 50057, 'The user account is disabled.')
  return person
}
