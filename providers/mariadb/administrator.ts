import { createHash } from 'node:crypto'
import type { FarSide } from '@cardea/contract/rotation/provider'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import { adminIn } from '../login.ts'
import { connected } from './connection.ts'
import { account, type DatabaseUser } from './user.ts'

/** One statement, and the rows that it answers. */
export type Ask = (statement: string, values?: readonly string[]) => Promise<readonly Row[]>
export type Row = Readonly<Record<string, unknown>>

/** So much of what a server says is read and shown: whoever writes books means no good. */
const messageCharactersMax = 1_000

/** What the server says no with. The statement isn't kept: what stands in it may be a password. */
export class Refused extends Error {
  override name = 'Refused'
  readonly errno: number

  constructor(errno: number, message: string) {
    super(message.slice(0, messageCharactersMax))
    this.errno = errno
  }
}

/** So long we wait for the lock: whoever was cut off in the middle has it until the server notices. */
const lockPatienceSeconds = 1

/** Works as the administrator, alone on this user: what is read and then written is one change. */
export async function asAdmin<T>(
  { binding, secrets, signal }: FarSide<DatabaseUser>,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  const { admin, user } = binding
  const login = adminIn(secrets[admin], { name: admin, schemes: ['mysql', 'mariadb'], defaultPort: 3306 }, binding)
  if (login.user === user) throw new Error(`${user} can't be the user that is changed and its administrator as well`)
  return connected({ ...binding, ...login, tls: binding.tls ?? false }, signal, async (client) => {
    const ask = askerOf(client)
    // A statement that waits for somebody must not arrive late, and a password is no time-zone's or mode's affair.
    await ask("set session lock_wait_timeout = 2, sql_mode = ''")
    const [row] = await ask(`select get_lock(?, ${lockPatienceSeconds}) as ours`, [lockOf(binding)])
    if (row?.ours !== 1) throw new Error(`Another rotation of ${user} is at work`)
    try {
      return await work(ask)
    } finally {
      // It would go with the connection, but the server takes its time with those that have said goodbye.
      await ask('do release_lock(?)', [lockOf(binding)]).catch(() => {})
    }
  })
}

const askerOf =
  (client: Connection): Ask =>
  async (statement, values = []) => {
    try {
      const [rows] = await client.query<RowDataPacket[]>(statement, [...values])
      return Array.isArray(rows) ? rows : []
    } catch (error) {
      const { errno, message } = error as { errno?: unknown; message: string }
      throw typeof errno === 'number' ? new Refused(errno, message) : error
    }
  }

/** A lock's name has at most 64 characters; the lock goes with the connection. */
const lockOf = (binding: DatabaseUser): string =>
  `cardea ${createHash('sha256').update(account(binding)).digest('base64url')}`
