import { endSession, sessionOf } from '#core/identity/sessions.ts'
import type { Bare } from '../http/served.ts'
import type { Answer, Call } from '../plane.ts'
import { attested } from './attested.ts'
import { queryOf } from './form.ts'
import { orPage } from './or-page.ts'
import { html, pageAnswer } from './pages/page.ts'
import type { IdentityServices } from './services.ts'

/**
 * Signing out (OpenID Connect RP-Initiated Logout 1.0). Nothing is remembered in the browser; the session that an id
 * token names ends, and with it all tokens that rest on it.
 */
export const signOut = (services: IdentityServices): readonly Bare[] => [
  {
    plane: 'identity',
    method: 'GET',
    path: '/:tenant/oauth2/v2.0/logout',
    answer: (call) => orPage(services, call, 'SignOut', () => answer(services, call)),
  },
]

async function answer(services: IdentityServices, call: Call): Promise<Answer> {
  const { base, keyring, tokens } = services
  const hint = queryOf(call).get('id_token_hint') ?? ''
  const named = hint === '' ? undefined : await tokens.sessionNamedIn(hint)
  const session = named === undefined ? undefined : await sessionOf(base.database.read, keyring, named)
  if (session !== undefined) {
    await base.database.write((turn) => endSession(turn, session.id))
    const principal = { objectId: session.principal }
    await attested(services, call, 'SignOut', { principal, appId: session.client })
  }
  return pageAnswer({ title: 'You are signed out', body: html`<p>You can close this page.</p>` })
}
