import { list, optional, record, type Shape, ShapeError, text } from '@cardea/contract/shape'
import { secretName } from '@cardea/contract/vault/secrets'
import { hostName, portNumber } from '../login.ts'

/** Two roles of one database that take turns: while programs log in as one, the other gets its next password. */
export type Pair = {
  readonly host: string
  readonly port: number
  readonly database: string
  /** The secret of the same vault that holds the connection URI of whoever may change the two roles. */
  readonly admin: string
  /** The role, itself unable to log in, that owns what either of the two creates. */
  readonly owner: string | undefined
  readonly roles: readonly [string, string]
  readonly format: Format
  /** The query of the published URI, `sslmode=verify-full` for one. */
  readonly parameters: string | undefined
}
export type Format = 'uri' | 'json'

/** What `sslmode` may be: every other mode falls back to clear text where the far side, or somebody between, says so. */
const sslModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const
export type SslMode = (typeof sslModes)[number]

// PostgreSQL cuts a longer identifier off at 63 bytes, which would make one role of two.
export const identifier = text({
  maxBytes: 63,
  pattern: /^[^\p{Cc}\p{Cs}]+$/u,
  wanted: 'a name of 1 to 63 bytes without control characters',
})

const roles: Shape<readonly [string, string]> = {
  read(value, where) {
    const [one, other, ...more] = list(identifier).read(value, where)
    if (one === undefined || other === undefined || more.length > 0 || one === other) {
      throw new ShapeError(where, 'the names of two different roles')
    }
    return [one, other]
  },
}

const format: Shape<Format> = {
  read(value, where) {
    if (value === undefined || value === null) return 'uri'
    if (value === 'uri' || value === 'json') return value
    throw new ShapeError(where, "'uri' or 'json'; a password alone can't say which role of the pair it belongs to")
  },
}

/** Who logs in and where is for the other members to say, and a parameter would overrule them. */
const reserved = ['host', 'hostaddr', 'port', 'user', 'password', 'passfile', 'dbname', 'database', 'service']
const query = text({
  maxCharacters: 1024,
  pattern: /^[\w.-]+=[\w.~%+:,/-]*(&[\w.-]+=[\w.~%+:,/-]*)*$/,
  wanted: 'a query such as sslmode=verify-full',
})
/** The query of the published URI, without what the binding itself says. */
export const parameters: Shape<string> = {
  read(value, where) {
    const given = query.read(value, where)
    const second = [...new URLSearchParams(given).keys()].find((name) => reserved.includes(name.toLowerCase()))
    if (second !== undefined) throw new ShapeError(where, `without ${second}, which the binding itself says`)
    sslModeOf(given, where)
    return given
  },
}

/** The `sslmode` of a query; undefined, which is clear text, where it names none. */
export function sslModeOf(query: string, where: string): SslMode | undefined {
  const given = new URLSearchParams(query).get('sslmode')
  if (given === null) return undefined
  const mode = sslModes.find((known) => known === given)
  if (mode === undefined) throw new ShapeError(where, `with an sslmode that is one of ${sslModes.join(', ')}`)
  return mode
}

const members = record({
  host: hostName,
  port: portNumber,
  database: identifier,
  admin: secretName,
  owner: optional(identifier),
  roles,
  format,
  parameters: optional(parameters),
})

/** What a binding says of a pair. Its owner is a third role. */
export const pair: Shape<Pair> = {
  ...members,
  read(value, where) {
    const read = members.read(value, where)
    if (read.owner !== undefined && read.roles.includes(read.owner)) {
      throw new ShapeError(where === '' ? 'owner' : `${where}.owner`, 'a third role, since the owner never logs in')
    }
    return read
  },
}
