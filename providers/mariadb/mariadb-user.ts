import { createHash } from 'node:crypto'
import type { FarSide, Provider } from '@cardea/contract/rotation/provider'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { escape as literal } from 'sql-escaper'
import { adminIn, authorityOf, passwordIn } from '../login.ts'
import { connected } from './connection.ts'
import { nativeHash } from './native-password.ts'
import { account, binding, type DatabaseUser, proposed, tried } from './user.ts'

/**
 * A user of MariaDB 10.4 or later with two passwords: MariaDB has no `RETAIN CURRENT PASSWORD`, but lets a user prove
 * itself in one way or another, and two ways may be of one kind. The server is told hashes only.
 */
export const mariadbUser: Provider<DatabaseUser> = {
  name: 'mariadb',
  kind: 'set',
  binding,
  secretsOf: ({ admin }) => [admin],
  placesOf: (binding) => [`mysql ${authorityOf(binding)} ${account(binding)}`],
  slotsOf: () => [],
  slotIn: () => undefined,
  knows: (value, { user }) => passwordIn(value, user) !== undefined,
  propose: proposed,
  probe: tried,

  apply: (credential, far) =>
    asAdmin(far, async (admin) => {
      const hash = hashOf(credential.value, far.binding)
      const now = await waysIn(admin, far.binding)
      if (!now.includes(hash)) await keep(admin, far.binding, [...now, hash])
    }),

  retire: (credential, far) =>
    asAdmin(far, async (admin) => {
      const hash = hashOf(credential.value, far.binding)
      const now = await waysIn(admin, far.binding)
      if (now.includes(hash)) {
        const left = now.filter((one) => one !== hash)
        if (left.length === 0) throw new Error(`It is the only password of ${far.binding.user}, which is left alone`)
        await keep(admin, far.binding, left)
      }
      if (far.urgent) await endSessions(admin, far.binding)
    }),
}

function hashOf(value: string, { user }: DatabaseUser): string {
  const password = passwordIn(value, user)
  if (password === undefined) throw new Error(`The value is no password of ${user}`)
  return nativeHash(password)
}

/** Works as the administrator, alone on this user: what is read and then written is one change. */
async function asAdmin<T>(
  { binding, secrets, signal }: FarSide<DatabaseUser>,
  work: (admin: Connection) => Promise<T>,
): Promise<T> {
  const { admin, user } = binding
  const login = adminIn(secrets[admin], { name: admin, schemes: ['mysql', 'mariadb'], defaultPort: 3306 }, binding)
  if (login.user === user) throw new Error(`${user} can't be the user that is changed and its administrator as well`)
  return connected({ ...binding, ...login, tls: binding.tls ?? false }, signal, async (client) => {
    // A statement that waits for somebody must not arrive late, and a password is no time-zone's or mode's affair.
    await client.query("set session lock_wait_timeout = 2, sql_mode = ''")
    const [rows] = await client.query<RowDataPacket[]>('select get_lock(?, 0) as ours', [lockOf(binding)])
    if (rows[0]?.ours !== 1) throw new Error(`Another rotation of ${user} is at work`)
    try {
      return await work(client)
    } finally {
      // It would go with the connection, but the server takes its time with those that have said goodbye.
      await client.query('do release_lock(?)', [lockOf(binding)]).catch(() => {})
    }
  })
}

/** A lock's name has at most 64 characters; the lock goes with the connection. */
const lockOf = (binding: DatabaseUser): string =>
  `cardea ${createHash('sha256').update(account(binding)).digest('base64url')}`

/**
 * The hashes that the user proves itself by. Refuses who isn't there, and who has another way in that a list of ours
 * would take away.
 */
async function waysIn(client: Connection, binding: DatabaseUser): Promise<string[]> {
  const [rows] = await client.query<RowDataPacket[]>(`show create user ${account(binding)}`).catch((error) => {
    if (error.errno === noSuchUser)
      throw new Error(`The user ${account(binding)} doesn't exist; create it with what it may do`)
    throw error
  })
  const told = String(Object.values(rows[0] ?? {})[0] ?? '')
  const [, ways] = / IDENTIFIED (.*?)(?: REQUIRE | WITH MAX_| PASSWORD EXPIRE| ACCOUNT |$)/s.exec(told) ?? []
  if (ways === undefined) return []
  const [, alone] = /^BY PASSWORD '(\*[0-9A-F]{40})'$/.exec(ways) ?? []
  if (alone !== undefined) return [alone]
  const each = ways
    .replace(/^VIA /, '')
    .split(' OR ')
    .map((way) => /^mysql_native_password USING '(\*[0-9A-F]{40})'$/.exec(way)?.[1])
  if (each.some((hash) => hash === undefined)) {
    throw new Error(`${account(binding)} logs in by something else than mysql_native_password, which is left alone`)
  }
  return each as string[]
}
const noSuchUser = 1133

async function keep(client: Connection, binding: DatabaseUser, hashes: readonly string[]): Promise<void> {
  const ways = hashes.map((hash) => `mysql_native_password using ${literal(hash)}`).join(' or ')
  await client.query(`alter user ${account(binding)} identified via ${ways}`)
}

/** Sessions outlive the password that opened them. `kill user` would end those of every host. */
async function endSessions(client: Connection, { user, from }: DatabaseUser): Promise<void> {
  await client.query(`kill user ${literal(user)}@${literal(from ?? '%')}`)
}
