import type { Principal } from '#core/identity/principal.ts'
import type { Call } from '../../plane.ts'
import type { IdentityServices } from '../services.ts'

/** What a token request asks, and the services that may answer it. */
export type Asked = { readonly services: IdentityServices; readonly form: URLSearchParams; readonly call: Call }

/** What a grant came to: whom the journal names, and what the answer says. */
export type Given = { readonly principal: Principal; readonly appId: string; readonly body: TokenBody }
export type TokenBody = Readonly<Record<string, string | number>>

/** A way to get a token (RFC 6749 1.3). Throws a `Refusal`. */
export type Grant = (asked: Asked) => Promise<Given>
