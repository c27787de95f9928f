import type { Clock } from '#base/clock.ts'
import type { TokenBook } from '#core/identity/tokens.ts'
import type { Base } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Bare } from '../http/listener.ts'
import { discovery } from './discovery.ts'
import { token } from './token.ts'

export type IdentityServices = {
  readonly base: Base
  readonly keyring: Keyring
  readonly tokens: TokenBook
  readonly clock: Clock
  readonly loginUrl: string
  readonly tenant: string
}

/** Entra's token service, as far as applications need it (clients reference 3). */
export function identityPlane(services: IdentityServices): readonly Bare[] {
  const answer = token(services)
  const paths = ['/:tenant/oauth2/v2.0/token', '/adfs/:tenant/oauth2/v2.0/token', '/adfs/t/:tenant/oauth2/v2.0/token']
  return [...discovery(services), ...paths.map((path): Bare => ({ plane: 'identity', method: 'POST', path, answer }))]
}
