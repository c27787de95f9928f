import { oneOf, optional, record, type Shape, text, whole } from '@cardea/contract/shape'

/** What the providers of systems with users and passwords share: where one is, and what its value looks like. */
export type Login = { readonly user: string; readonly password: string }
export type Place = { readonly host: string; readonly port: number }
export type Format = 'password' | 'uri' | 'json'

/** Where a system is, as bindings name it. */
export const hostName = text({
  maxCharacters: 253,
  pattern: /^([\w.-]+|[\da-f:.]+)$/i,
  wanted: 'a host name or an IP address',
})
/** A TCP port. */
export const portNumber = whole(1, 65_535)

/** How the value reads; a password alone by default, since the user stays the same. */
export const format: Shape<Format | undefined> = optional(oneOf('password', 'uri', 'json'))

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)
/** Host and port as one name, the same however the host is spelled. */
export const authorityOf = ({ host, port }: Place): string => `${bracketed(host.toLowerCase())}:${port}`

/** The value that consumers read. `rest` is what stands behind the port, `more` what JSON names beside login and place. */
export function valueFor(
  scheme: string,
  login: Login,
  place: Place,
  rest: string,
  form: Format = 'password',
  more: Readonly<Record<string, string>> = {},
): string {
  const { user, password } = login
  if (form === 'password') return password
  const [name, secret] = [user, password].map(encodeURIComponent)
  const uri = `${scheme}://${name}:${secret}@${bracketed(place.host)}:${place.port}${rest}`
  if (form === 'uri') return uri
  return JSON.stringify({ username: user, password, host: place.host, port: place.port, ...more, uri })
}

const members = record({ username: text(), password: text() })

/**
 * The password in a value, in whatever form it is: a binding may change its form while the old one is published.
 * Undefined where the value is somebody else's login, or can be no password at all.
 */
export function passwordIn(value: string, user: string): string | undefined {
  const login = loginIn(value)
  if (login !== undefined) return login.user === user ? login.password || undefined : undefined
  return value === '' || value.length > 512 || /^\s*[{[]|:\/\/|[\p{Cc}\p{Cs}]/u.test(value) ? undefined : value
}

/** Who logs in with a value, as a URI or JSON; `schemes` are those of the URIs that count, or all. */
export function loginIn(value: string, schemes?: readonly string[]): Login | undefined {
  try {
    if (value.trimStart().startsWith('{')) {
      const { username, password } = members.read(JSON.parse(value), '')
      return { user: username, password }
    }
    const uri = URL.parse(value.trim())
    if (uri === null || uri.username === '' || schemes?.includes(schemeOf(uri)) === false) return undefined
    return { user: decodeURIComponent(uri.username), password: decodeURIComponent(uri.password) }
  } catch {
    // Not a word of what the parsers say: they quote what they read, a password included.
    return undefined
  }
}

const schemeOf = ({ protocol }: URL): string => protocol.slice(0, -1)

/** What a provider wants to know of an administrator's URI. */
export type Wanted = { readonly name: string; readonly schemes: readonly string[]; readonly defaultPort: number }

/**
 * Who changes the credentials. The URI must lead to the place of the binding: else whoever may write a binding could
 * have the administrator's password tried at a host of their own.
 */
export function adminIn(value: string | undefined, { name, schemes, defaultPort }: Wanted, place: Place): Login {
  const uri = value === undefined ? null : URL.parse(value.trim())
  const login = value === undefined ? undefined : loginIn(value, schemes)
  if (uri === null || login === undefined || login.password === '') {
    throw new Error(`The secret ${name} is not a URI ${schemes[0]}://user:password@host of an administrator`)
  }
  const host = uri.hostname.replace(/^\[(.*)\]$/, '$1')
  if (authorityOf({ host, port: Number(uri.port || defaultPort) }) !== authorityOf(place)) {
    throw new Error(`The secret ${name} leads to another server than the binding, which names ${authorityOf(place)}`)
  }
  return login
}
