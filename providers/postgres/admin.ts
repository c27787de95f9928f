import { createHash } from 'node:crypto'
import type { FarSide, Probe } from '@cardea/contract/rotation/provider'
import { type Client, DatabaseError, escapeIdentifier, escapeLiteral } from 'pg'
import type { Login } from '../login.ts'
import { connected } from './connection.ts'
import { adminIn } from './login.ts'
import { type Pair, sslModeOf } from './pair.ts'

/** What an administrator does to roles, one or two, and how a consumer is tried. */
export type Target = Pick<Pair, 'host' | 'port' | 'database' | 'admin' | 'parameters'>

/** Logs in as a consumer would. */
export async function tried(login: Login, { binding, signal }: FarSide<Target>): Promise<Probe> {
  const { host, port, database, parameters } = binding
  const sslMode = sslModeOf(parameters ?? '', 'parameters')
  try {
    await connected({ ...login, host, port, database, sslMode }, signal, (consumer) => consumer.query('select 1'))
    return 'valid'
  } catch (error) {
    return isRefusal(error) ? 'invalid' : 'unknown'
  }
}

/**
 * 28P01 is a wrong password or an absent role, 28000 a role that may not log in. pg_hba.conf says 28000 as well, but of
 * an address, in the routine below: that is no word about the credential.
 */
const isRefusal = (error: unknown): boolean =>
  error instanceof DatabaseError &&
  (error.code === '28P01' || (error.code === '28000' && error.routine !== 'ClientAuthentication'))

/** Works as the administrator, alone on these roles, and never so slowly that a change could arrive late. */
export async function asAdmin<T>(
  { binding, secrets, signal }: FarSide<Target>,
  roles: readonly string[],
  work: (admin: Client) => Promise<T>,
): Promise<T> {
  const { host, port } = binding
  const admin = adminIn(secrets[binding.admin], binding)
  if (roles.includes(admin.user)) throw new Error(`${admin.user} can't be of the pair and its administrator as well`)
  return connected({ ...admin, host, port }, signal, async (client) => {
    // Without a search path nobody's function of the same name stands in for the server's.
    await client.query("set statement_timeout = '2s'; set search_path = ''")
    const lock = lockOf(roles)
    await take(client, lock).catch((error: unknown) => {
      throw isTaken(error) ? new Error(`Another rotation of ${roles.join(' and ')} is at work`) : error
    })
    try {
      return await work(client)
    } finally {
      // It would go with the connection, but the server takes its time with those that have said goodbye.
      await client.query('select pg_advisory_unlock($1)', [lock]).catch(() => {})
    }
  })
}

/** So long we wait for the lock: whoever was cut off in the middle has it until the server notices. */
const lockPatienceMs = 500

async function take(client: Client, lock: string): Promise<void> {
  await client.query(`set lock_timeout = ${lockPatienceMs}`)
  await client.query('select pg_advisory_lock($1)', [lock])
  await client.query('set lock_timeout = 0')
}

/** 55P03, lock_not_available: it was waited for, and not had. */
const isTaken = (error: unknown): boolean => error instanceof DatabaseError && error.code === '55P03'

/** The same number for the same two roles; the lock goes with the connection. */
const lockOf = (roles: readonly string[]): string =>
  createHash('sha256')
    .update([...roles].sort().join('\0'))
    .digest()
    .readBigInt64BE()
    .toString()

type Standing = 'absent' | 'stranger' | 'member'

/** How the role stands to its owner now. Refuses what an administrator's powers should not be lent to. */
export async function standingOf(admin: Client, user: string, owner: string | undefined): Promise<Standing> {
  const { rows } = await admin.query<{ name: string; powerful: boolean; login: boolean; owned: boolean }>(
    `select rolname as name, rolsuper as powerful, rolcanlogin as login,
       exists (select from pg_auth_members where member = r.oid and roleid = (select oid from pg_roles where rolname = $2)) as owned
     from pg_roles r where rolname in ($1, $2)`,
    [user, owner ?? null],
  )
  const role = rows.find(({ name }) => name === user)
  const owning = rows.find(({ name }) => name === owner)
  const superuser = rows.find(({ powerful }) => powerful)
  if (superuser) throw new Error(`${superuser.name} is a superuser, which no pair may be or belong to`)
  if (owner !== undefined && !owning) throw new Error(`The owner ${owner} doesn't exist; create it with NOLOGIN`)
  if (owning?.login) throw new Error(`The owner ${owner} can log in; alter it to NOLOGIN`)
  if (!role) return 'absent'
  return owner === undefined || role.owned ? 'member' : 'stranger'
}

/** What makes a role log in with a password, and with none of its own where another owns what it makes. */
export function changes(user: string, verifier: string, owner: string | undefined, standing: Standing): string[] {
  const role = escapeIdentifier(user)
  const statements = [`alter role ${role} login password ${escapeLiteral(verifier)}`]
  if (standing === 'absent') statements.unshift(`create role ${role}`)
  if (owner !== undefined) {
    if (standing !== 'member') statements.push(`grant ${escapeIdentifier(owner)} to ${role}`)
    statements.push(`alter role ${role} set role to ${escapeLiteral(owner)}`)
  }
  return statements
}

/**
 * Takes a password away if the role still has it, and ends the sessions of who can't log in any more; after a leak all
 * sessions of the role, since PostgreSQL can't tell which password opened them.
 */
export async function takeAway(admin: Client, login: Login, far: FarSide<Target>): Promise<void> {
  const probe = await tried(login, far)
  if (probe === 'unknown') throw new Error(`Whether ${login.user} still has the password to retire can't be told`)
  if (probe === 'valid') await admin.query(`alter role ${escapeIdentifier(login.user)} nologin password null`)
  await endSessions(admin, login.user, far.urgent)
}

/** Ends the sessions of a role: all of them, or only if it can't log in any more. */
export async function endSessions(admin: Client, user: string, all: boolean): Promise<void> {
  await admin.query(endOfSessions, [user, all])
}

/** Sessions outlive the password that opened them. */
const endOfSessions = `
  select pg_terminate_backend(pid) from pg_stat_activity join pg_roles on rolname = usename
  where usename = $1 and ($2 or not rolcanlogin)`
