import { createHash, randomBytes } from 'node:crypto'
import type { FarSide, Provider } from '@cardea/contract/rotation/provider'
import { flag, optional, record, type Shape, ShapeError, text } from '@cardea/contract/shape'
import { secretName } from '@cardea/contract/vault/secrets'
import { jsonOf, type Reach, refusal, send } from '../http/request.ts'
import { adminIn, authorityOf, type Format, format, hostName, type Login, passwordIn, portNumber } from '../login.ts'
import { rehearse } from './rehearsal.ts'
import type { RabbitmqUser } from './user.ts'

const standing = record({ tags: optional({ read: (value: unknown): string => tagsIn(value) }) })
/** Tags come as a list, or from older servers as a text with commas; either is understood on the way back. */
const tagsIn = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value ?? ''))

/**
 * A user of RabbitMQ, who has one password. It is told and keeps a salted SHA-256; its AMQP connections outlive the
 * password that opened them, and end in an emergency only.
 */
export const rabbitmqUser = (reach: Reach): Provider<RabbitmqUser> => {
  const at = ({ tls, ...binding }: RabbitmqUser, path: string): URL =>
    new URL(`${tls ? 'https' : 'http'}://${authorityOf(binding)}/api/${path}`)
  const ask = (
    method: 'GET' | 'PUT' | 'DELETE',
    path: string,
    login: Login,
    { binding, signal }: FarSide<RabbitmqUser>,
    body?: object,
  ) => {
    const basic = Buffer.from(`${login.user}:${login.password}`).toString('base64')
    const sent = { method, url: at(binding, path), headers: { authorization: `Basic ${basic}` } }
    return send(body === undefined ? sent : { ...sent, body: JSON.stringify(body) }, signal, reach)
  }
  const administrator = ({ binding, secrets }: FarSide<RabbitmqUser>): Login => {
    const { admin, user } = binding
    const wanted = { name: admin, schemes: [binding.tls ? 'https' : 'http'], defaultPort: binding.tls ? 443 : 80 }
    const login = adminIn(secrets[admin], wanted, binding)
    if (login.user === user) throw new Error(`${user} can't be the user that is changed and its administrator as well`)
    return login
  }
  const pathOf = ({ user }: RabbitmqUser): string => `users/${encodeURIComponent(user)}`

  /** Sets how the user proves itself, and leaves what it may do as it is. */
  async function keep(far: FarSide<RabbitmqUser>, hash: string): Promise<void> {
    const admin = administrator(far)
    const path = pathOf(far.binding)
    const found = await ask('GET', path, admin, far)
    if (found.status === 404)
      throw new Error(`The user ${far.binding.user} doesn't exist; create it with what it may do`)
    if (found.status !== 200) throw refusal('the reading of a user', at(far.binding, path), found)
    const { tags = '' } = standing.read(jsonOf(found), '')
    const body = { password_hash: hash, hashing_algorithm: 'rabbit_password_hashing_sha256', tags }
    const kept = await ask('PUT', path, admin, far, body)
    if (kept.status !== 201 && kept.status !== 204) throw refusal('the change of a user', at(far.binding, path), kept)
  }

  const provider: Provider<RabbitmqUser> = {
    name: 'rabbitmq',
    kind: 'single',
    binding: record({
      host: hostName,
      port: portNumber,
      tls: optional(flag),
      admin: secretName,
      user: text({ maxBytes: 255, pattern: /^[^:\p{Cc}\p{Cs}]+$/u, wanted: 'a name without colons' }),
      format: passwordOrJson,
    }),
    secretsOf: ({ admin }) => [admin],
    placesOf: (binding) => [`rabbitmq ${authorityOf(binding)} ${binding.user}`],
    slotsOf: () => [],
    slotIn: () => undefined,
    knows: (value, { user }) => passwordIn(value, user) !== undefined,

    propose({ user, format }) {
      const password = randomBytes(32).toString('base64url')
      return format === 'json' ? JSON.stringify({ username: user, password }) : password
    },

    async apply({ value }, far) {
      await keep(far, saltedHash(passwordOf(value, far.binding), saltOf(far)))
    },

    async probe({ value }, far) {
      const { user } = far.binding
      const password = passwordIn(value, user)
      if (password === undefined) return 'unknown'
      try {
        const { status, text } = await ask('GET', 'whoami', { user, password }, far)
        if (status === 200) return 'valid'
        // Whoever isn't tagged for the management interface is refused as well, but in other words.
        if (status === 401) return text.includes('Not management user') ? 'valid' : 'invalid'
        return 'unknown'
      } catch {
        return 'unknown'
      }
    },

    async retire(_, far) {
      if (far.urgent) await endConnections(far)
    },

    rehearse: (far, seed) => rehearse(far, seed, { provider, administrator, ask }),
  }

  async function endConnections(far: FarSide<RabbitmqUser>): Promise<void> {
    const path = `connections/username/${encodeURIComponent(far.binding.user)}`
    const ended = await ask('DELETE', path, administrator(far), far)
    if (ended.status >= 300 && ended.status !== 404) {
      throw refusal('the ending of connections', at(far.binding, path), ended)
    }
  }
  return provider
}

const passwordOrJson: Shape<Exclude<Format, 'uri'> | undefined> = {
  read(value, where) {
    const given = format.read(value, where)
    if (given !== 'uri') return given
    throw new ShapeError(where, "'password' or 'json'; the management interface isn't where programs connect to")
  },
}

function passwordOf(value: string, { user }: RabbitmqUser): string {
  const password = passwordIn(value, user)
  if (password === undefined) throw new Error(`The value is no password of ${user}`)
  return password
}

/** Every attempt of one rotation has the same salt, so that applying a password again writes the same hash. */
const saltOf = ({ rotationId, binding }: FarSide<RabbitmqUser>): Buffer =>
  createHash('sha256').update(`${rotationId}\0${binding.user}`).digest().subarray(0, 4)

const saltedHash = (password: string, salt: Buffer): string =>
  Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString('base64')
