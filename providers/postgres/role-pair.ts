import { createHash, randomBytes } from 'node:crypto'
import type { Credential, FarSide, Probe, Provider } from '@cardea/contract/rotation/provider'
import { type Client, DatabaseError, escapeIdentifier, escapeLiteral } from 'pg'
import { connected } from './connection.ts'
import { adminIn, type Login, loginIn, valueFor } from './login.ts'
import { type Pair, pair, sslModeOf } from './pair.ts'
import { saltOf, scramVerifier } from './scram.ts'

/**
 * Two PostgreSQL roles that alternate. The administrator only ever sends verifiers, and only to the server that the
 * binding names; consumers find in the value all they need to log in.
 */
export const rolePair: Provider<Pair> = {
  name: 'postgres',
  kind: 'slots',
  binding: pair,
  secretsOf: ({ admin }) => [admin],
  // Roles belong to the whole server, not to one of its databases.
  placesOf: ({ host, port, roles }) => roles.map((role) => `postgres ${host.toLowerCase()}:${port} ${role}`),
  slotsOf: ({ roles }) => roles,

  slotIn(value, { roles }) {
    const user = loginIn(value)?.user
    return roles.find((role) => role === user)
  },

  knows: (value, binding) => loginOf({ value, slot: undefined }, binding) !== undefined,

  propose(binding, slot = binding.roles[0]) {
    return valueFor({ user: member(slot, binding), password: randomBytes(32).toString('base64url') }, binding)
  },

  async apply(credential, far) {
    const { user, password } = ours(credential, far.binding)
    const verifier = await scramVerifier(password, saltOf(far.rotationId, user))
    await asAdmin(far, async (admin) => {
      const standing = await standingOf(admin, user, far.binding.owner)
      // One message, which PostgreSQL runs as one transaction: a role without its owner never can log in.
      await admin.query(changes(user, verifier, far.binding.owner, standing).join(';\n'))
    })
  },

  async probe(credential, far) {
    const login = loginOf(credential, far.binding)
    // Nobody has refused a value that we don't know how to use.
    return login === undefined ? 'unknown' : tried(login, far)
  },

  /**
   * Only if the role still has this very password: a rotation that comes late must not take away its successor's. The
   * sessions end in any case once the role can't log in, also those that a call cut off in between has left.
   */
  async retire(credential, far) {
    const login = ours(credential, far.binding)
    await asAdmin(far, async (admin) => {
      const probe = await tried(login, far)
      if (probe === 'unknown') throw new Error(`Whether ${login.user} still has the password to retire can't be told`)
      if (probe === 'valid') await admin.query(`alter role ${escapeIdentifier(login.user)} nologin password null`)
      await admin.query(endOfSessions, [login.user])
    })
  },
}

function member(slot: string, { roles }: Pair): string {
  if (!roles.includes(slot)) throw new Error(`${slot} is no role of the pair ${roles.join(', ')}`)
  return slot
}

function loginOf({ value, slot }: Credential, { roles }: Pair): Login | undefined {
  const login = loginIn(value)
  return login !== undefined && roles.includes(login.user) && (slot ?? login.user) === login.user ? login : undefined
}

function ours(credential: Credential, binding: Pair): Login {
  const login = loginOf(credential, binding)
  if (login) return login
  throw new Error(
    `The value doesn't log in as ${credential.slot ?? binding.roles.join(' or ')}, so there is no role to change`,
  )
}

async function tried(login: Login, { binding, signal }: FarSide<Pair>): Promise<Probe> {
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

/** Works as the administrator, alone on this pair, and never so slowly that a change could arrive late. */
async function asAdmin<T>(
  { binding, secrets, signal }: FarSide<Pair>,
  work: (admin: Client) => Promise<T>,
): Promise<T> {
  const { host, port, roles } = binding
  const admin = adminIn(secrets[binding.admin], binding)
  if (roles.includes(admin.user)) throw new Error(`${admin.user} can't be of the pair and its administrator as well`)
  return connected({ ...admin, host, port }, signal, async (client) => {
    // Without a search path nobody's function of the same name stands in for the server's.
    await client.query("set statement_timeout = '2s'; set search_path = ''")
    const { rows } = await client.query<{ ours: boolean }>('select pg_try_advisory_lock($1) as ours', [lockOf(roles)])
    if (!rows[0]?.ours) throw new Error(`Another rotation of ${roles.join(' and ')} is at work`)
    return work(client)
  })
}

/** The same number for the same two roles; the lock goes with the connection. */
const lockOf = (roles: readonly string[]): string =>
  createHash('sha256')
    .update([...roles].sort().join('\0'))
    .digest()
    .readBigInt64BE()
    .toString()

type Standing = 'absent' | 'stranger' | 'member'

/** How the role stands to its owner now. Refuses what an administrator's powers should not be lent to. */
async function standingOf(admin: Client, user: string, owner: string | undefined): Promise<Standing> {
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

function changes(user: string, verifier: string, owner: string | undefined, standing: Standing): string[] {
  const role = escapeIdentifier(user)
  const statements = [`alter role ${role} login password ${escapeLiteral(verifier)}`]
  if (standing === 'absent') statements.unshift(`create role ${role}`)
  if (owner !== undefined) {
    if (standing !== 'member') statements.push(`grant ${escapeIdentifier(owner)} to ${role}`)
    statements.push(`alter role ${role} set role to ${escapeLiteral(owner)}`)
  }
  return statements
}

/** Sessions outlive the password that opened them. */
const endOfSessions = `
  select pg_terminate_backend(pid) from pg_stat_activity join pg_roles on rolname = usename
  where usename = $1 and not rolcanlogin`
