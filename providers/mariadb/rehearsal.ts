import { setTimeout as wait } from 'node:timers/promises'
import type { FarSide, Rehearsed } from '@cardea/contract/rotation/provider'
import { escape as literal } from 'sql-escaper'
import { authorityOf } from '../login.ts'
import { Rehearsal, twinName, twinPassword } from '../rehearsal.ts'
import { type Ask, asAdmin, Refused } from './administrator.ts'
import { mannerOf } from './choice.ts'
import { connected } from './connection.ts'
import type { Manner } from './manner.ts'
import { account, type DatabaseUser, tried } from './user.ts'

/** A user of its own, who comes from where the binding's does, goes through all that it would; that one is only looked at. */
export async function rehearse(far: FarSide<DatabaseUser>, seed: string): Promise<Rehearsed> {
  const rehearsal = new Rehearsal()
  const { admin } = far.binding
  const user = twinName(`${authorityOf(far.binding)} ${account(far.binding)}`)
  const twin: DatabaseUser = { ...far.binding, user }
  const [first, second] = [twinPassword(seed, 'first'), twinPassword(seed, 'second')]
  let [me, endsSessionsBy] = [admin, '']
  const remedy = (error: unknown) => remedyFor(error, me, admin)
  const work = (what: string, deed: (ask: Ask, manner: Manner) => Promise<void>) =>
    rehearsal.try(what, () => asAdmin(far, async (ask) => deed(ask, await mannerOf(ask))), remedy)

  const reached = await work('The administrator logs in.', async (ask) => {
    me = accountIn(await ask('select current_user() as me'))
  })
  if (!reached) return { checks: rehearsal.checks, clean: true }
  await work('The user is as it must be.', async (ask, manner) => {
    endsSessionsBy = manner.endsSessionsBy
    await manner.look(ask, far.binding)
    rehearsal.note(`The server is ${manner.says}.`)
  })
  const made = await work('A twin of the user is made with a password.', async (ask, manner) => {
    await drop(ask, twin)
    await manner.make(ask, twin, first)
  })
  if (rehearsal.allIsWell) {
    await work('It gets a second password.', (ask, manner) => manner.add(ask, twin, second))
    const logsIn = await rehearsal.try('It logs in with both, as programs would.', () => isLetIn(first, second))
    if (logsIn) {
      await work('It loses the first, and keeps the second.', async (ask, manner) => {
        await manner.remove(ask, twin, first)
        await isLetIn(second)
        if ((await trying(first)) !== 'invalid') throw new Error('The server still accepts the first password')
      })
      const grant = () => `GRANT ${endsSessionsBy} ON *.* TO ${me};`
      await rehearsal.try('Sessions could be ended in an emergency.', sessionEnds, grant)
    }
  }
  return rehearsal.endsWithout(
    () => asAdmin(far, (ask) => drop(ask, twin)),
    `DROP USER ${account(twin)};`,
    // Who may not make users has made none.
    (error) => !made && error instanceof Refused && error.errno === lacksPrivilege,
  )

  function trying(password: string) {
    return tried({ value: password, slot: undefined }, { ...far, binding: { ...twin, database: undefined } })
  }

  async function isLetIn(...passwords: readonly string[]): Promise<void> {
    for (const password of passwords) {
      if ((await trying(password)) === 'valid') continue
      const from = far.binding.from ?? '%'
      throw new Error(`A user who comes from '${from}' isn't let in; look at "from" and "tls" in the binding`)
    }
  }

  /** A session of the twin's, which is there to be ended. */
  async function sessionEnds(): Promise<void> {
    const way = { ...far.binding, user, password: second, tls: far.binding.tls ?? false }
    let ended = false
    await connected(way, far.signal, async (session) => {
      await asAdmin(far, async (ask) => (await mannerOf(ask)).endSessions(ask, twin))
      // The server takes its time.
      for (let attempt = 0; !ended && attempt < 10; attempt += 1) {
        await session.query('select 1').catch(() => {
          ended = true
        })
        if (!ended) await wait(50, undefined, { signal: far.signal })
      }
    }).catch((error: unknown) => {
      // It can't take its leave in good order either.
      if (!ended) throw error
    })
    if (!ended) throw new Error('The session of the twin lives on')
  }
}

const drop = (ask: Ask, twin: DatabaseUser) => ask(`drop user if exists ${account(twin)}`)

/** `dba@%` as SQL has it. */
function accountIn([row]: Awaited<ReturnType<Ask>>): string {
  const me = String(row?.me)
  const at = me.lastIndexOf('@')
  return `${literal(me.slice(0, at))}@${literal(me.slice(at + 1))}`
}

const [accessDenied, lacksPrivilege] = [1045, 1227]
const [databaseDenied, commandDenied] = [1044, 1142]

/** What helps against a refusal. */
export function remedyFor(error: unknown, me: string, admin: string): string | undefined {
  const { errno, message = '' } = error as { errno?: number; message?: string }
  switch (errno) {
    case accessDenied:
      return `Set the secret ${admin} to a URI with the right password.`
    case databaseDenied:
    case commandDenied:
      return `GRANT SELECT ON mysql.* TO ${me};`
    case lacksPrivilege: {
      // The server names what would do, the least of it last.
      const [, wanted = ''] = /\) the (.+) privilege/.exec(message) ?? []
      const least = wanted.split(', ').findLast((one) => one !== '' && one !== 'SUPER') ?? 'CREATE USER'
      return `GRANT ${least} ON *.* TO ${me};`
    }
    default:
      return undefined
  }
}
