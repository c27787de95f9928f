import type { Bare } from '../http/listener.ts'
import { discovery } from './discovery.ts'
import type { IdentityServices } from './services.ts'
import { token } from './token.ts'

/** Entra's token service, as far as applications need it (clients reference 3). */
export function identityPlane(services: IdentityServices): readonly Bare[] {
  const answer = token(services)
  const paths = ['/:tenant/oauth2/v2.0/token', '/adfs/:tenant/oauth2/v2.0/token', '/adfs/t/:tenant/oauth2/v2.0/token']
  return [...discovery(services), ...paths.map((path): Bare => ({ plane: 'identity', method: 'POST', path, answer }))]
}
