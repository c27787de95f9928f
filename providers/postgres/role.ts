import { randomBytes } from 'node:crypto'
import type { Credential, Provider } from '@cardea/contract/rotation/provider'
import { optional, record } from '@cardea/contract/shape'
import { secretName } from '@cardea/contract/vault/secrets'
import { type Format, format, hostName, type Login, passwordIn, portNumber } from '../login.ts'
import { asAdmin, changes, endSessions, standingOf, tried } from './admin.ts'
import { loginIn, valueFor } from './login.ts'
import { identifier, parameters } from './pair.ts'
import { rehearse } from './rehearsal.ts'
import { saltOf, scramVerifier } from './scram.ts'

/** One role, whose only password is changed in place. */
export type Role = {
  readonly host: string
  readonly port: number
  readonly database: string
  /** The secret of the same vault that holds the connection URI of whoever may change the role. */
  readonly admin: string
  /** There already, with what it may do. */
  readonly role: string
  readonly format: Format | undefined
  readonly parameters: string | undefined
}

/**
 * A PostgreSQL role that has one password: between its change and the publication nobody can log in with what they have
 * read. Milliseconds, but where they matter two roles that alternate have none.
 */
export const role: Provider<Role> = {
  name: 'postgres-role',
  kind: 'single',
  binding: record({
    host: hostName,
    port: portNumber,
    database: identifier,
    admin: secretName,
    role: identifier,
    format,
    parameters: optional(parameters),
  }),
  secretsOf: ({ admin }) => [admin],
  placesOf: ({ host, port, role }) => [`postgres ${host.toLowerCase()}:${port} ${role}`],
  slotsOf: () => [],
  slotIn: () => undefined,
  knows: (value, binding) => loginOf(value, binding) !== undefined,

  propose(binding) {
    const login = { user: binding.role, password: randomBytes(32).toString('base64url') }
    const { format = 'password' } = binding
    return format === 'password' ? login.password : valueFor(login, { ...binding, format })
  },

  async apply(credential, far) {
    const { user, password } = ours(credential, far.binding)
    const verifier = await scramVerifier(password, saltOf(far.rotationId, user))
    await asAdmin(far, [user], async (admin) => {
      const standing = await standingOf(admin, user, undefined)
      if (standing === 'absent') throw new Error(`The role ${user} doesn't exist; create it with what it may do`)
      await admin.query(changes(user, verifier, undefined, standing).join(';\n'))
    })
  },

  async probe({ value }, far) {
    const login = loginOf(value, far.binding)
    return login === undefined ? 'unknown' : tried(login, far)
  },

  async retire(credential, far) {
    const { user } = ours(credential, far.binding)
    await asAdmin(far, [user], (admin) => endSessions(admin, user, far.urgent))
  },

  rehearse: (far, seed) => rehearse(far, seed, { roles: [far.binding.role], owner: undefined }),
}

function loginOf(value: string, { role }: Role): Login | undefined {
  const login = loginIn(value)
  if (login !== undefined) return login.user === role ? login : undefined
  const password = passwordIn(value, role)
  return password === undefined ? undefined : { user: role, password }
}

function ours({ value }: Credential, binding: Role): Login {
  const login = loginOf(value, binding)
  if (login === undefined) throw new Error(`The value doesn't log in as ${binding.role}`)
  return login
}
