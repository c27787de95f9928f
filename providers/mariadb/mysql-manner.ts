import { escape as literal } from 'sql-escaper'
import { type Ask, Refused } from './administrator.ts'
import type { Manner } from './manner.ts'
import { nativeHash } from './native-password.ts'
import { isSha2HashOf, sha2Hash } from './sha2-password.ts'
import { account, type DatabaseUser, userIsAbsent } from './user.ts'

/**
 * MySQL 8.0.14 or later keeps the password before beside the current one: `RETAIN CURRENT PASSWORD`, until it is told to
 * `DISCARD OLD PASSWORD` (manual, "Password Management"). To retain once more would lose the old one, so that what is
 * there is read first. By the manual, and not tried against a server of ours.
 */
export const mysqlManner: Manner = {
  says: 'MySQL, which is changed by its manual: nobody has tried this against a server yet',

  async look(ask, user) {
    await standingOf(ask, user)
  },

  async add(ask, user, password) {
    const { plugin, now, old } = await standingOf(ask, user)
    if ((await isHashOf(plugin, now, password)) || (await isHashOf(plugin, old, password))) return
    if (now === '') throw new Error(`${account(user)} has no password yet; give it one first`)
    if (old !== null && old !== now) {
      const discard = `ALTER USER ${account(user)} DISCARD OLD PASSWORD`
      throw new Error(`${account(user)} has two passwords already, and MySQL keeps no third; see to it with ${discard}`)
    }
    await retaining(ask, user, plugin, password)
  },

  async remove(ask, user, password) {
    const { plugin, now, old } = await standingOf(ask, user)
    const discard = () => ask(`alter user ${account(user)} discard old password`)
    if (await isHashOf(plugin, now, password)) {
      if (old === null || (await isHashOf(plugin, old, password))) {
        throw new Error(`It is the only password of ${user.user}, which is left alone`)
      }
      // Without `retain`, the old password stays where it is: for a moment it is both.
      await ask(`alter user ${account(user)} identified with ${literal(plugin)} as ${literal(old)}`)
      await discard()
    } else if (await isHashOf(plugin, old, password)) await discard()
  },

  async make(ask, user, password) {
    await ask(
      `create user ${account(user)} identified with 'caching_sha2_password' as ${literal(await sha2Hash(password))}`,
    )
  },

  /** There is no `kill user`: those of every host are ended that the user comes from. */
  async endSessions(ask, { user }) {
    for (const { id } of await ask('select id from information_schema.processlist where user = ?', [user])) {
      await ask(`kill ${Number(id)}`).catch((error: unknown) => {
        // It has ended by itself meanwhile.
        if (!(error instanceof Refused) || error.errno !== noSuchThread) throw error
      })
    }
  },
  endsSessionsBy: 'PROCESS, CONNECTION_ADMIN',
}

const noSuchThread = 1094
const parseError = 1064
const plugins = ['caching_sha2_password', 'mysql_native_password']

type Standing = { readonly plugin: string; readonly now: string; readonly old: string | null }

async function standingOf(ask: Ask, user: DatabaseUser): Promise<Standing> {
  const [row] = await ask(
    `select plugin, authentication_string as now,
       json_unquote(json_extract(user_attributes, '$.additional_password')) as old
     from mysql.user where user = ? and host = ?`,
    [user.user, user.from ?? '%'],
  )
  if (row === undefined) throw userIsAbsent(user)
  const plugin = String(row.plugin)
  if (!plugins.includes(plugin)) {
    throw new Error(`${account(user)} logs in by ${plugin}, of which the server keeps no second password`)
  }
  const text = (value: unknown): string => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value ?? ''))
  return { plugin, now: text(row.now), old: text(row.old) || null }
}

const isHashOf = async (plugin: string, kept: string | null, password: string): Promise<boolean> =>
  plugin === 'mysql_native_password' ? kept === nativeHash(password) : isSha2HashOf(kept ?? '', password)

/**
 * The server is told a hash. Its manual grants `RETAIN CURRENT PASSWORD` to clear text only, though servers are known to
 * take it with a hash as well: one that doesn't is told the password, if nobody else can hear it.
 */
async function retaining(ask: Ask, user: DatabaseUser, plugin: string, password: string): Promise<void> {
  const hash = plugin === 'mysql_native_password' ? nativeHash(password) : await sha2Hash(password)
  const changed = `alter user ${account(user)} identified with ${literal(plugin)}`
  try {
    await ask(`${changed} as ${literal(hash)} retain current password`)
  } catch (error) {
    if (!(error instanceof Refused) || error.errno !== parseError) throw error
    if (!user.tls) {
      throw new Error('This server takes no hash beside the current password, and is told no password without TLS')
    }
    await ask(`${changed} by ${literal(password)} retain current password`).catch((refused: unknown) => {
      // What a server can't parse it quotes, the password with it.
      throw refused instanceof Refused ? new Error(`The server answered ${refused.errno} to a new password`) : refused
    })
  }
}
