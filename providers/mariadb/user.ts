import { randomBytes } from 'node:crypto'
import type { Credential, FarSide, Probe } from '@cardea/contract/rotation/provider'
import { flag, optional, record, text } from '@cardea/contract/shape'
import { secretName } from '@cardea/contract/vault/secrets'
import { escape as literal } from 'sql-escaper'
import { type Format, format, hostName, passwordIn, portNumber, valueFor } from '../login.ts'
import { connected } from './connection.ts'

/** A user of a server that speaks MySQL's protocol. What is the same for MariaDB and for MySQL stands here. */
export type DatabaseUser = {
  readonly host: string
  readonly port: number
  readonly tls: boolean | undefined
  /** The secret of the same vault that holds the URI of whoever may change users. */
  readonly admin: string
  /** There already, with what it may do; only its passwords change. */
  readonly user: string
  /** From which hosts it may come, the second half of its name; everywhere (`%`) if it isn't said. */
  readonly from: string | undefined
  readonly database: string | undefined
  readonly format: Format | undefined
}

const name = (maxCharacters: number) =>
  text({ maxCharacters, pattern: /^[^\p{Cc}\p{Cs}]+$/u, wanted: `a name of 1 to ${maxCharacters} characters` })

/** What a binding says of such a user. */
export const binding = record({
  host: hostName,
  port: portNumber,
  tls: optional(flag),
  admin: secretName,
  user: name(80),
  from: optional(name(255)),
  database: optional(name(64)),
  format,
})

/** The full name of a user, as SQL has it. */
export const account = ({ user, from }: DatabaseUser): string => `${literal(user)}@${literal(from ?? '%')}`

/** Users are never made up: whoever binds one says what it may do. */
export const userIsAbsent = (user: DatabaseUser): Error =>
  new Error(`The user ${account(user)} doesn't exist; create it with what it may do`)

/** A new password, in the form that the binding asks for. */
export function proposed(binding: DatabaseUser): string {
  const login = { user: binding.user, password: randomBytes(32).toString('base64url') }
  const rest = binding.database === undefined ? '' : `/${encodeURIComponent(binding.database)}`
  return valueFor('mysql', login, binding, rest, binding.format)
}

/** Logs in as a consumer would. 1045 is the only clear no: a wrong password, or no such user. */
export async function tried({ value }: Credential, { binding, signal }: FarSide<DatabaseUser>): Promise<Probe> {
  const { user } = binding
  const password = passwordIn(value, user)
  if (password === undefined) return 'unknown'
  try {
    await connected({ ...binding, password, tls: binding.tls ?? false }, signal, (client) => client.query('select 1'))
    return 'valid'
  } catch (error) {
    return (error as { errno?: number }).errno === accessDenied ? 'invalid' : 'unknown'
  }
}
const accessDenied = 1045
