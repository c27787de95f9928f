import { type Polled, pollDevice } from '#core/identity/device-codes.ts'
import { needed } from '../form.ts'
import { Refusal } from '../refusal.ts'
import { delegatedScope } from '../scope.ts'
import { provenSignInClient } from '../sign-in-client.ts'
import type { Grant } from './grant.ts'
import { personIn, personsTokens } from './person.ts'

/** A program asks whether somebody has signed in for it (RFC 8628 3.4). */
export const deviceCode: Grant = async (asked) => {
  const { services, form } = asked
  const { base, keyring } = services
  const client = await provenSignInClient(asked)
  // Older clients call it `code`.
  const word = needed(form, form.has('device_code') ? 'device_code' : 'code')
  const polled = await base.database.write((turn) => pollDevice(turn, keyring, word, client.appId))
  if (typeof polled === 'string') throw refusals[polled]()
  const { session } = polled
  const scope = delegatedScope(polled.scope, services.graphUrl)
  return personsTokens(services, { session, person: await personIn(services, session), scope })
}

const refusals: { readonly [answer in Extract<Polled, string>]: () => Refusal } = {
  pending: () =>
    new Refusal(
      400,
      'authorization_pending',
      70016,
      'OAuth 2.0 device flow error. Authorization is pending. Continue polling.',
    ),
  'slow-down': () => new Refusal(400, 'slow_down', 70016, 'Asked too soon. Wait five seconds longer between requests.'),
  refused: () => new Refusal(400, 'authorization_declined', 70018, 'The person declined to sign in.'),
  expired: () => new Refusal(400, 'expired_token', 70019, 'Verification code expired. Begin again.'),
  unknown: () => new Refusal(400, 'bad_verification_code', 70018, 'Invalid verification code.'),
}
