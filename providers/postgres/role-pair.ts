import { randomBytes } from 'node:crypto'
import type { Credential, Provider } from '@cardea/contract/rotation/provider'
import type { Login } from '../login.ts'
import { asAdmin, changes, standingOf, takeAway, tried } from './admin.ts'
import { loginIn, valueFor } from './login.ts'
import { type Pair, pair } from './pair.ts'
import { rehearse } from './rehearsal.ts'
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
    await asAdmin(far, far.binding.roles, async (admin) => {
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
    await asAdmin(far, far.binding.roles, (admin) => takeAway(admin, login, far))
  },

  rehearse: (far, seed) => rehearse(far, seed, far.binding),
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
