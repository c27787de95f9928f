import type { Turn } from '#base/database.ts'
import type { PersonSignedIn } from '#core/identity/people.ts'
import { signIn } from '#core/identity/people.ts'
import { openSession } from '#core/identity/sessions.ts'
import { tooMany } from '../client.ts'
import { needed } from '../form.ts'
import { Refusal } from '../refusal.ts'
import { delegatedScope } from '../scope.ts'
import type { IdentityServices } from '../services.ts'
import { provenSignInClient } from '../sign-in-client.ts'
import type { Grant } from './grant.ts'
import { personsTokens } from './person.ts'

/** A person's name and password, given to the application itself (RFC 6749 4.3): `az login -u … -p …`. */
export const password: Grant = async (asked) => {
  const { services, form, call } = asked
  const scope = delegatedScope(form.get('scope'), services.graphUrl)
  const client = await provenSignInClient(asked)
  const given = {
    name: needed(form, 'username', 320),
    password: needed(form, 'password'),
    address: call.circumstances.address,
  }
  const { person, opened: session } = await signedIn(services, given, (turn, { principal }) =>
    openSession(turn, services.keyring, { principal: principal.objectId, client: client.appId }),
  )
  return personsTokens(services, { session, person, scope })
}

/** Somebody who knew their password, and what that opened; else a refusal that doesn't say whether the name was right. */
export async function signedIn<T>(
  { base, keyring }: IdentityServices,
  given: { readonly name: string; readonly password: string; readonly address: string },
  open: (turn: Turn, person: PersonSignedIn) => Promise<T>,
): Promise<{ readonly person: PersonSignedIn; readonly opened: T }> {
  const outcome = await signIn(base.database, keyring, given, open)
  if (outcome === 'wrong') {
    throw new Refusal(400, 'invalid_grant', 50126, 'Error validating credentials due to invalid username or password.')
  }
  if (outcome === 'disabled') throw new Refusal(400, 'invalid_grant', 50057, 'The user account is disabled.')
  if ('pauseMs' in outcome) throw tooMany(outcome.pauseMs)
  return outcome
}
