import { createHash } from 'node:crypto'
import type { FarSide, Probe, Provider, Rehearsed } from '@cardea/contract/rotation/provider'
import { list, optional, record, type Shape, ShapeError, text } from '@cardea/contract/shape'
import { secretName } from '@cardea/contract/vault/secrets'
import { authorityOf, hostName, portNumber } from '../login.ts'
import { Rehearsal } from '../rehearsal.ts'
import { administratorIn } from './administrator.ts'
import { withKey, withoutKey, wordsOf } from './authorized-keys.ts'
import { AnotherHost, filesOf, KeyRefused, loggedIn, partsOf, type Way } from './connection.ts'
import { keyIn, keyOf, keyType, newKey } from './openssh-key.ts'
import { changeFile } from './remote-file.ts'

export type SshKey = {
  readonly host: string
  readonly port: number
  /** The keys that the host may show. Several while it changes them. */
  readonly hostKeys: readonly string[]
  /** Who logs in with the key. */
  readonly user: string
  /** The secret of the same vault that holds, as JSON, another key of the same user. */
  readonly admin: string
  /** Where the host looks for the user's keys; `.ssh/authorized_keys` in the home folder if it isn't said. */
  readonly file: string | undefined
  /** What stands before each new key, `restrict,command="backup"` for one. Without it the key may do all that the user may. */
  readonly options: string | undefined
}

const hostKey: Shape<string> = {
  read(value, where) {
    const line = text({ maxCharacters: 4096 }).read(value, where)
    const { kind, blob } = partsOf(line)
    // A key begins with its own kind: a fingerprint doesn't, nor a line with a host's name before it.
    if (kind === '' || blob.subarray(4, 4 + kind.length).toString('latin1') !== kind) {
      throw new ShapeError(where, 'a host key, "ssh-ed25519 AAAA…", as in /etc/ssh/ssh_host_ed25519_key.pub')
    }
    return `${kind} ${blob.toString('base64')}`
  },
}
const hostKeys: Shape<readonly string[]> = {
  read(value, where) {
    const read = list(hostKey, { maxItems: 8 }).read(value, where)
    if (read.length === 0) throw new ShapeError(where, 'one host key at least')
    return read
  },
}
const options: Shape<string> = {
  read(value, where) {
    const read = text({ maxCharacters: 2048, pattern: /^[\x20-\x7e]+$/, wanted: 'options of a key' }).read(value, where)
    const [only, ...more] = wordsOf(read)
    const quotes = read.replaceAll('\\"', '').split('"').length - 1
    if (only !== read || more.length > 0 || quotes % 2 > 0 || /^(#|ssh-|ecdsa-|sk-)/.test(read)) {
      throw new ShapeError(where, 'options of a key as sshd(8) has them, without blanks outside of quotes')
    }
    return read
  },
}

/**
 * A user's keys on a host with OpenSSH: any number of them stand in `authorized_keys`, side by side. The private key is
 * made here and goes nowhere but into the vault; the host is told the public one.
 */
export const sshKey: Provider<SshKey> = {
  name: 'ssh',
  kind: 'set',
  binding: record({
    host: hostName,
    port: portNumber,
    hostKeys,
    // Neither blanks nor signs that mean something to a shell or in the patterns of sshd_config.
    user: text({ maxCharacters: 64, pattern: /^[\w][\w.@-]*\$?$/, wanted: 'the name of a user' }),
    admin: secretName,
    file: optional(text({ maxBytes: 1024, pattern: /^[^\p{Cc}\p{Cs}]+$/u, wanted: 'the path of a file' })),
    options: optional(options),
  }),
  secretsOf: ({ admin }) => [admin],
  placesOf: (binding) => [`ssh ${authorityOf(binding)} ${binding.user}`],
  slotsOf: () => [],
  slotIn: () => undefined,
  knows: (value) => keyIn(value) !== undefined,
  propose: () => newKey().file,

  apply: ({ value }, far) => {
    const { blob } = known(value)
    const { options } = far.binding
    const line = `${options === undefined ? '' : `${options} `}${keyType} ${blob} cardea ${far.rotationId}`
    return changeKeys(far, (text) => withKey(text, blob, line))
  },

  async probe({ value }, { binding, signal }): Promise<Probe> {
    const key = keyIn(value)
    if (key === undefined) return 'unknown'
    try {
      await loggedIn({ ...binding, key: key.file }, signal, async () => {})
      return 'valid'
    } catch (error) {
      return error instanceof KeyRefused ? 'invalid' : 'unknown'
    }
  },

  /** Sessions outlive the key that opened them, and sshd tells nobody which key that was: they end on the host itself. */
  retire: async ({ value }, far) => {
    const { blob } = known(value)
    if ((await wayOfAdmin(far)).blob === blob) throw new Error('It is the administrator’s own key, which is left alone')
    await changeKeys(far, (text) => withoutKey(text, blob))
  },

  rehearse,
}

function known(value: string): { readonly blob: string } {
  const key = keyIn(value)
  if (key === undefined) throw new Error('The value is no Ed25519 key of OpenSSH without a passphrase')
  return key
}

async function wayOfAdmin({ binding, secrets }: FarSide<SshKey>): Promise<Way & { readonly blob: string }> {
  const { admin } = binding
  return { ...binding, ...(await administratorIn(secrets[admin], admin, binding)) }
}

async function changeKeys(far: FarSide<SshKey>, change: (text: string) => string): Promise<void> {
  const { binding, rotationId, signal } = far
  const file = binding.file ?? '.ssh/authorized_keys'
  await loggedIn(await wayOfAdmin(far), signal, async (client) =>
    changeFile(await filesOf(client), file, `cardea-${rotationId}`, change),
  )
}

/** One more key comes, logs in and goes; all others stay. */
async function rehearse(far: FarSide<SshKey>, seed: string): Promise<Rehearsed> {
  const rehearsal = new Rehearsal()
  const { user, file = '.ssh/authorized_keys' } = far.binding
  const grown = createHash('sha256').update(`${seed}\0ssh`).digest()
  const twin = { value: keyOf(grown, grown.subarray(0, 4)).file, slot: undefined }
  const remedy = remedyFor(far)
  const reached = await rehearsal.try(
    'The administrator logs in.',
    async () => loggedIn(await wayOfAdmin(far), far.signal, async () => {}),
    remedy,
  )
  if (!reached) return { checks: rehearsal.checks, clean: true }
  const added = await rehearsal.try(`${user} gets one more key.`, () => sshKey.apply(twin, far), remedy)
  if (added) {
    await rehearsal.try('It logs in as a program would.', async () => {
      const probe = await sshKey.probe(twin, far)
      if (probe !== 'valid')
        throw new Error(`The host doesn't accept a key in ${file}; does sshd look there (AuthorizedKeysFile)?`)
    })
  }
  const gone = await rehearsal.try(
    'The key is taken away.',
    async () => {
      await sshKey.retire(twin, far)
      if (added && (await sshKey.probe(twin, far)) === 'valid') throw new Error('The host still accepts the key')
    },
    remedy,
  )
  return { checks: rehearsal.checks, clean: gone }
}

const permissionDenied = 3

const remedyFor =
  ({ binding }: FarSide<SshKey>) =>
  (error: unknown): string | undefined => {
    const { host, port, user, admin, file = '.ssh/authorized_keys' } = binding
    if (error instanceof KeyRefused)
      return `Put the public half of the key in ${admin} into ${file} of ${user}, in a line of its own.`
    if (error instanceof AnotherHost) {
      return `Ask the host’s administrator for its keys; if ssh-keyscan -p ${port} ${host} shows the same, put them into hostKeys.`
    }
    return (error as { code?: number }).code === permissionDenied
      ? `Let ${user} write ${file} and its folder: both must be its own.`
      : undefined
  }
