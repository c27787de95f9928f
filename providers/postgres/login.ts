import * as logins from '../login.ts'
import { type Pair, type SslMode, sslModeOf } from './pair.ts'

/** What the values of PostgreSQL have that others don't: the database and the query of the URI. */
export type Admin = logins.Login & { readonly database: string; readonly sslMode: SslMode | undefined }

const schemes = ['postgresql', 'postgres'] as const
const defaultPort = 5432

/** The value that consumers read, in the form that the binding asks for. */
export function valueFor(
  login: logins.Login,
  pair: Pick<Pair, 'host' | 'port' | 'database' | 'parameters' | 'format'>,
): string {
  const { database, parameters, format } = pair
  const query = parameters === undefined ? '' : `?${parameters}`
  const rest = `/${encodeURIComponent(database)}${query}`
  return logins.valueFor('postgresql', login, pair, rest, format, { database })
}

/** Who logs in with a value. It reads every form, so that a binding may change its own while the old one is published. */
export const loginIn = (value: string): logins.Login | undefined => logins.loginIn(value, schemes)

/** Who changes the roles, in the database that the URI names or else in that of the binding. */
export function adminIn(
  value: string | undefined,
  { admin, host, port, database }: Pick<Pair, 'admin' | 'host' | 'port' | 'database'>,
): Admin {
  const login = logins.adminIn(value, { name: admin, schemes, defaultPort }, { host, port })
  const uri = new URL((value ?? '').trim())
  const named = decodeURIComponent(uri.pathname.slice(1))
  return { ...login, database: named || database, sslMode: sslModeOf(uri.search, `the URI in ${admin}`) }
}
