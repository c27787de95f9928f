import { provenClient } from '../client.ts'
import { audienceOf } from '../scope.ts'
import type { Grant } from './grant.ts'

/** An application's own token (RFC 6749 4.4). */
export const clientCredentials: Grant = async ({ services, form, call }) => {
  const audience = audienceOf(form.get('scope'))
  const { principal, credential } = await provenClient({ services, form, address: call.circumstances.address })
  const { tokens, clock } = services
  return {
    principal,
    appId: principal.appId,
    body: {
      token_type: 'Bearer',
      expires_in: tokens.lifeSeconds,
      ext_expires_in: tokens.lifeSeconds,
      access_token: await tokens.mint({ principal, audience, credential }, clock()),
    },
  }
}
