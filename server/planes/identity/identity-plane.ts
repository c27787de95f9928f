import type { Bare } from '../http/served.ts'
import { authorize } from './authorize.ts'
import { deviceAuthorization } from './device-authorization.ts'
import { devicePage } from './device-page.ts'
import { discovery } from './discovery.ts'
import type { IdentityServices } from './services.ts'
import { signOut } from './sign-out.ts'
import { token } from './token.ts'
import { userRealm } from './user-realm.ts'
import { userinfo } from './userinfo.ts'

/** Entra's token service for applications and people (the Microsoft identity platform, v2.0). */
export function identityPlane(services: IdentityServices): readonly Bare[] {
  const answer = token(services)
  const paths = ['/:tenant/oauth2/v2.0/token', '/adfs/:tenant/oauth2/v2.0/token', '/adfs/t/:tenant/oauth2/v2.0/token']
  return [
    ...discovery(services),
    ...paths.map((path): Bare => ({ plane: 'identity', method: 'POST', path, answer })),
    ...deviceAuthorization(services),
    ...devicePage(services),
    ...authorize(services),
    ...userinfo(services),
    ...signOut(services),
    ...userRealm(services),
  ]
}
