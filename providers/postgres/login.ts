import { record, text } from '@cardea/contract/shape'
import { type Pair, type SslMode, sslModeOf } from './pair.ts'

/** Values in two directions: what consumers read, and who logs in with it. */
export type Login = { readonly user: string; readonly password: string }

/** The value that consumers read, in the form that the binding asks for. */
export function valueFor(
  { user, password }: Login,
  pair: Pick<Pair, 'host' | 'port' | 'database' | 'parameters' | 'format'>,
): string {
  const { host, port, database } = pair
  const place = host.includes(':') ? `[${host}]` : host
  const query = pair.parameters === undefined ? '' : `?${pair.parameters}`
  const [name, secret, target] = [user, password, database].map(encodeURIComponent)
  const uri = `postgresql://${name}:${secret}@${place}:${port}/${target}${query}`
  return pair.format === 'uri' ? uri : JSON.stringify({ username: user, password, host, port, database, uri })
}

/** Who logs in with a value. It reads every form, so that a binding may change its own while the old one is published. */
export function loginIn(value: string): Login | undefined {
  try {
    return value.trimStart().startsWith('{') ? loginInJson(value) : loginInUri(value)
  } catch {
    // Not a word of what the parsers say: they quote what they read, a password included.
    return undefined
  }
}

const members = record({ username: text(), password: text() })

function loginInJson(value: string): Login {
  const { username, password } = members.read(JSON.parse(value), '')
  return { user: username, password }
}

function loginInUri(value: string): Login | undefined {
  const uri = URL.parse(value.trim())
  if (uri === null || !/^postgres(ql)?:$/.test(uri.protocol) || uri.username === '') return undefined
  return { user: decodeURIComponent(uri.username), password: decodeURIComponent(uri.password) }
}

export type Admin = Login & { readonly database: string; readonly sslMode: SslMode | undefined }

/**
 * Who changes the roles. Its URI must lead to the host of the binding: else whoever may write a binding could have the
 * administrator's password tried at a host of their own.
 */
export function adminIn(
  value: string | undefined,
  { admin, host, port, database }: Pick<Pair, 'admin' | 'host' | 'port' | 'database'>,
): Admin {
  const refuse = (why: string): never => {
    throw new Error(`The secret ${admin} ${why}`)
  }
  if (value === undefined) return refuse('has no value')
  const login = loginIn(value)
  const uri = URL.parse(value.trim())
  if (login === undefined || login.password === '' || uri === null) {
    return refuse('is not the connection URI of a PostgreSQL administrator, with user and password')
  }
  const place = uri.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (place !== host.toLowerCase() || Number(uri.port || 5432) !== port) {
    return refuse(`leads to another server than the binding, which names ${host}:${port}`)
  }
  const target = decodeURIComponent(uri.pathname.slice(1))
  return { ...login, database: target || database, sslMode: sslModeOf(uri.search, `the URI in ${admin}`) }
}
