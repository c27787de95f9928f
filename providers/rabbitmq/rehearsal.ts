import type { FarSide, Provider, Rehearsed } from '@cardea/contract/rotation/provider'
import type { Heard } from '../http/request.ts'
import { authorityOf, type Login } from '../login.ts'
import { Rehearsal, twinName, twinPassword } from '../rehearsal.ts'
import type { RabbitmqUser } from './user.ts'

/** What a rehearsal shares with a rotation. */
type Parts = {
  readonly provider: Provider<RabbitmqUser>
  administrator(far: FarSide<RabbitmqUser>): Login
  ask(method: Method, path: string, login: Login, far: FarSide<RabbitmqUser>, body?: object): Promise<Heard>
}
type Method = 'GET' | 'PUT' | 'DELETE'

/** What the management interface answers other than it should. */
class Answered extends Error {
  readonly heard: Heard

  constructor(what: string, heard: Heard) {
    super(`The management interface answered ${heard.status} to ${what}`)
    this.heard = heard
  }
}

/** A user of its own, who may do nothing, gets a password and shows it; yours is only looked at. */
export async function rehearse(far: FarSide<RabbitmqUser>, seed: string, parts: Parts): Promise<Rehearsed> {
  const rehearsal = new Rehearsal()
  const { admin, user } = far.binding
  const name = twinName(`${authorityOf(far.binding)} ${user}`)
  const twin = { ...far, binding: { ...far.binding, user: name, format: undefined } }
  const credential = (which: string) => ({ value: twinPassword(seed, which), slot: undefined })
  const [first, second] = [credential('first'), credential('second')]
  const remedy = (error: unknown) => remedyFor(error, admin, parts.administrator(far).user)
  const asked = async (what: string, method: Method, path: string, body?: object): Promise<void> => {
    const heard = await parts.ask(method, path, parts.administrator(far), far, body)
    if (heard.status >= 300 && !(method === 'DELETE' && heard.status === 404)) throw new Answered(what, heard)
  }
  const pathOf = (user: string) => `users/${encodeURIComponent(user)}`

  const reached = await rehearsal.try('The administrator logs in.', () => asked('a login', 'GET', 'whoami'), remedy)
  if (!reached) return { checks: rehearsal.checks, clean: true }
  await rehearsal.try('The user is as it must be.', () => asked('the reading of a user', 'GET', pathOf(user)), remedy)
  const body = { password: first.value, tags: '' }
  const made = await rehearsal.try(
    'A twin of the user is made with a password.',
    async () => {
      await asked('the removal of a twin', 'DELETE', pathOf(name))
      await asked('the making of a twin', 'PUT', pathOf(name), body)
    },
    remedy,
  )
  if (rehearsal.allIsWell) {
    await rehearsal.try('It gets another password, and logs in with that as a program would.', async () => {
      await parts.provider.apply(second, twin)
      const probes = [first, second].map((credential) => parts.provider.probe(credential, twin))
      if ((await Promise.all(probes)).join() !== 'invalid,valid')
        throw new Error('Another password has changed nothing')
    })
    const connections = `connections/username/${encodeURIComponent(name)}`
    const ends = () => asked('the ending of connections', 'DELETE', connections)
    await rehearsal.try('Connections could be ended in an emergency.', ends, remedy)
  }
  return rehearsal.endsWithout(
    () => asked('the removal of a twin', 'DELETE', pathOf(name)),
    `rabbitmqctl delete_user ${name}`,
    // Who may not make users has made none.
    (error) => !made && isRefusal(error),
  )
}

const isRefusal = (error: unknown): boolean => error instanceof Answered && [401, 403].includes(error.heard.status)

function remedyFor(error: unknown, admin: string, name: string): string | undefined {
  if (!(error instanceof Answered)) return undefined
  const { status, text } = error.heard
  if (status === 404) return 'Create the user with what it may do, or look at its name in the binding.'
  if (!isRefusal(error)) return undefined
  // Who is known and may not is refused in other words than who isn't known.
  return /not (management|administrator)|access refused/i.test(text)
    ? `rabbitmqctl set_user_tags ${name} administrator`
    : `Set the secret ${admin} to a URI with the right password.`
}
