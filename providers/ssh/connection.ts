import { once } from 'node:events'
import { connect } from 'node:net'
import type { Client, KeyMethod, Sftp } from 'ssh2'
import type { Place } from '../login.ts'
import { bounded, refuseForbidden, targetLookup } from '../targets.ts'

export type Way = Place & {
  readonly user: string
  /** A private key in the form that OpenSSH keeps it in. */
  readonly key: string
  /** The keys that the host may show, `ssh-ed25519 AAAA…`; it is nobody we talk to without one of them. */
  readonly hostKeys: readonly string[]
}

/** The host doesn't let the user in with this key: the one clear no. */
export class KeyRefused extends Error {
  override name = 'KeyRefused'
}
/** Somebody else than the host of the binding answers. */
export class AnotherHost extends Error {
  override name = 'AnotherHost'
}

const connectMsMax = 3_000
const workMsMax = 8_000

/** A fresh connection for one piece of work. It is cut off when the signal aborts, and nothing is sent afterwards. */
export async function loggedIn<T>(way: Way, signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  refuseForbidden(way.host)
  const cut = AbortSignal.any([signal, AbortSignal.timeout(workMsMax)])
  // Not before somebody rotates a key: few do, and the library takes 10 MB.
  const { default: ssh2 } = await import('ssh2')
  cut.throwIfAborted()
  const { host, port, user, key } = way
  const sock = bounded(connect({ host, port, lookup: targetLookup, noDelay: true }))
  const client = new ssh2.Client()
  const { promise: trouble, reject } = Promise.withResolvers<never>()
  // Whatever comes after the first is told to nobody.
  trouble.catch(() => {})
  client.on('error', reject)
  client.on('close', () => reject(new Error(`${host} closed the connection`)))
  sock.on('error', reject)
  const stop = () => {
    reject(cut.reason)
    sock.destroy()
  }
  cut.addEventListener('abort', stop, { once: true })
  try {
    await Promise.race([once(sock, 'connect'), trouble])
    const ready = once(client, 'ready')
    ready.catch(() => {})
    const pins = way.hostKeys.map(partsOf)
    client.connect({
      sock,
      username: user,
      readyTimeout: connectMsMax,
      strictVendor: true,
      algorithms: { serverHostKey: [...new Set(pins.flatMap(({ kind }) => algorithmsOf(kind)))] },
      hostVerifier(shown) {
        const known = pins.some(({ blob }) => blob.equals(shown))
        if (!known) reject(new AnotherHost(`${host} shows another host key than those of the binding`))
        return known
      },
      // One key, once: a second call is the answer to the first.
      authHandler(left, partly): KeyMethod | false {
        if (left === null) return { type: 'publickey', username: user, key }
        const more = new Error(`${host} wants more of ${user} than a key`)
        reject(partly ? more : new KeyRefused(`${host} doesn't let ${user} in with this key`))
        return false
      },
    })
    await Promise.race([ready, trouble])
    const result = await Promise.race([work(client), trouble])
    client.end()
    return result
  } catch (error) {
    if (cut.aborted) throw cut.reason
    throw error
  } finally {
    cut.removeEventListener('abort', stop)
    sock.destroy()
  }
}

/** The host's files, as its user sees them. */
export const filesOf = (client: Client): Promise<Sftp> =>
  new Promise((resolve, reject) => {
    client.sftp((error, sftp) => (error === undefined ? resolve(sftp) : reject(noFiles)))
  })
const noFiles = new Error('The host opens no SFTP session for this key; its sshd_config must have a Subsystem sftp')

/** A host key in the form of known_hosts, without the name. */
export function partsOf(hostKey: string): { readonly kind: string; readonly blob: Buffer } {
  const [kind = '', base64 = ''] = hostKey.trim().split(/\s+/)
  return { kind, blob: Buffer.from(base64, 'base64') }
}

/** RSA keys sign in newer ways than they are named by (RFC 8332); the old one, by SHA-1, isn't spoken. */
const algorithmsOf = (kind: string): string[] => (kind === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [kind])
