import { createHash, randomBytes } from 'node:crypto'
import type { FarSide, Probe, Provider, Rehearsed } from '@cardea/contract/rotation/provider'
import { flag, oneOf, optional, record, text } from '@cardea/contract/shape'
import { secretName } from '@cardea/contract/vault/secrets'
import { adminIn, authorityOf, type Format, format, hostName, passwordIn, portNumber, valueFor } from '../login.ts'
import { Rehearsal, twinName, twinPassword } from '../rehearsal.ts'
import { type Ask, connected, RespError } from './resp.ts'

export type RedisUser = {
  readonly host: string
  readonly port: number
  readonly tls: boolean | undefined
  /** The secret of the same vault that holds the URI of whoever may change access lists. */
  readonly admin: string
  /** There already, with what it may do; only its passwords change. */
  readonly user: string
  readonly format: Format | undefined
  /** Where the server keeps its users over a restart: its file of them, its configuration, or nowhere. */
  readonly persist: 'aclfile' | 'config' | 'none' | undefined
}

/**
 * A user of Redis 6 or later, which may have any number of passwords. Redis keeps and is told SHA-256 of them, never
 * the password; it is told only by the consumer who logs in. Users aren't replicated: each node needs a binding.
 */
export const redisUser: Provider<RedisUser> = {
  name: 'redis',
  kind: 'set',
  binding: record({
    host: hostName,
    port: portNumber,
    tls: optional(flag),
    admin: secretName,
    // Spaces and NUL end a name in the file of users.
    user: text({ maxBytes: 128, pattern: /^[^\s\p{Cc}\p{Cs}]+$/u, wanted: 'a name without spaces' }),
    format,
    persist: optional(oneOf('aclfile', 'config', 'none')),
  }),
  secretsOf: ({ admin }) => [admin],
  placesOf: (binding) => [`redis ${authorityOf(binding)} ${binding.user}`],
  slotsOf: () => [],
  slotIn: () => undefined,
  knows: (value, { user }) => passwordIn(value, user) !== undefined,

  propose(binding) {
    const { user, format } = binding
    const login = { user, password: randomBytes(32).toString('base64url') }
    return valueFor(binding.tls ? 'rediss' : 'redis', login, binding, '', format)
  },

  apply: (credential, far) =>
    asAdmin(far, async (ask) => {
      const { user } = far.binding
      const hash = hashOf(credential.value, user)
      if (!(await passwordsOf(ask, user)).includes(hash)) await ask('ACL', 'SETUSER', user, `#${hash}`)
      // Also where it was set before: that attempt may have ended between the two.
      await persist(ask, far.binding)
    }),

  async probe({ value }, { binding, signal }): Promise<Probe> {
    const { user } = binding
    const password = passwordIn(value, user)
    if (password === undefined) return 'unknown'
    try {
      // No command behind it: a user need not be allowed a single one that we could name.
      await connected(wayTo(binding), signal, (ask) => ask('AUTH', user, password))
      return 'valid'
    } catch (error) {
      return error instanceof RespError && error.message.startsWith('WRONGPASS') ? 'invalid' : 'unknown'
    }
  },

  /** Sessions outlive the password that opened them, and Redis can't tell whose is whose: only a leak ends them all. */
  retire: (credential, far) =>
    asAdmin(far, async (ask) => {
      const { user } = far.binding
      const hash = hashOf(credential.value, user)
      if ((await passwordsOf(ask, user)).includes(hash)) await ask('ACL', 'SETUSER', user, `!${hash}`)
      await persist(ask, far.binding)
      if (far.urgent) await ask('CLIENT', 'KILL', 'USER', user)
    }),

  rehearse,
}

/** A user may have any number of passwords: one more that nobody knows comes and goes, and the others stay. */
async function rehearse(far: FarSide<RedisUser>, seed: string): Promise<Rehearsed> {
  const rehearsal = new Rehearsal()
  const { admin, user } = far.binding
  const twin = { value: twinPassword(seed, 'redis'), slot: undefined }
  const remedy = remedyFor(far)
  const reached = await rehearsal.try('The administrator logs in.', () => asAdmin(far, async () => {}), remedy)
  if (!reached) return { checks: rehearsal.checks, clean: true }
  await rehearsal.try(`${user} gets one more password.`, () => redisUser.apply(twin, far), remedy)
  if (rehearsal.allIsWell) {
    await rehearsal.try('It logs in as a program would.', async () => {
      const probe = await redisUser.probe(twin, far)
      if (probe !== 'valid') throw new Error(`${user} can't log in with a new password; is it switched on?`)
    })
  }
  const mended = rehearsal.allIsWell
  let clean = true
  try {
    // A password that was set though it couldn't be saved is taken away again all the same.
    await redisUser.retire(twin, mended ? far : { ...far, binding: { ...far.binding, persist: 'none' } })
    rehearsal.note('The password is taken away.')
  } catch (error) {
    // Who may not look at users, or change them, has left nothing.
    clean = !mended && error instanceof RespError && error.message.startsWith('NOPERM')
    if (!clean) rehearsal.note('The password is taken away.', (error as Error).message, remedy(error) ?? null)
  }
  if (mended) {
    await rehearsal.try(
      'Sessions could be ended in an emergency.',
      () =>
        asAdmin(far, async (ask) => {
          await ask('CLIENT', 'KILL', 'USER', twinName(admin)).catch((error: unknown) => {
            // There is no such user; whoever may not even ask is told something else.
            if (!(error instanceof RespError) || !/No such user/i.test(error.message)) throw error
          })
        }),
      remedy,
    )
  }
  return { checks: rehearsal.checks, clean }
}

/** Redis names the command that isn't allowed; the administrator's own name is in the URI of its secret. */
const remedyFor =
  ({ binding, secrets }: FarSide<RedisUser>) =>
  (error: unknown): string | undefined => {
    if (!(error instanceof RespError)) return undefined
    if (error.message.startsWith('WRONGPASS'))
      return `Set the secret ${binding.admin} to a URI with the right password.`
    const [, command] = /^NOPERM.*'([\w|-]+)'/.exec(error.message) ?? []
    const name = decodeURIComponent(URL.parse(secrets[binding.admin] ?? '')?.username ?? '')
    return command === undefined ? undefined : `ACL SETUSER ${name} +${command}`
  }

const wayTo = ({ host, port, tls }: RedisUser) => ({ host, port, tls: tls ?? false })

function hashOf(value: string, user: string): string {
  const password = passwordIn(value, user)
  if (password === undefined) throw new Error(`The value is no password of ${user}`)
  return createHash('sha256').update(password).digest('hex')
}

async function asAdmin<T>(
  { binding, secrets, signal }: FarSide<RedisUser>,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  const { admin, user } = binding
  const login = adminIn(secrets[admin], { name: admin, schemes: ['redis', 'rediss'], defaultPort: 6379 }, binding)
  if (login.user === user) throw new Error(`${user} can't be the user that is changed and its administrator as well`)
  return connected(wayTo(binding), signal, async (ask) => {
    await ask('AUTH', login.user, login.password)
    return work(ask)
  })
}

/** The hashes that a user logs in with. Refuses a user who isn't there, or needs no password at all. */
async function passwordsOf(ask: Ask, user: string): Promise<readonly unknown[]> {
  const told = await ask('ACL', 'GETUSER', user)
  if (!Array.isArray(told)) throw new Error(`The user ${user} doesn't exist; create it with what it may do`)
  const under = (name: string): readonly unknown[] => {
    const found = told[told.indexOf(name) + 1]
    return Array.isArray(found) ? found : []
  }
  if (under('flags').includes('nopass')) {
    throw new Error(`The user ${user} needs no password; take "nopass" away from it first`)
  }
  return under('passwords')
}

/** Else the next restart brings the old passwords back. */
async function persist(ask: Ask, { persist = 'aclfile' }: RedisUser): Promise<void> {
  if (persist === 'aclfile') await ask('ACL', 'SAVE')
  if (persist === 'config') await ask('CONFIG', 'REWRITE')
}
