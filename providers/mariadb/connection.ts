import { connect } from 'node:net'
import type { Connection, ConnectionOptions } from 'mysql2/promise'
import type { Login, Place } from '../login.ts'
import { bounded, refuseForbidden, targetLookup } from '../targets.ts'

export type Way = Login & Place & { readonly tls: boolean }

const connectMsMax = 3_000
const workMsMax = 8_000

/** A fresh connection for one piece of work. It is cut off when the signal aborts, and nothing is sent afterwards. */
export async function connected<T>(
  way: Way,
  signal: AbortSignal,
  work: (client: Connection) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const { host, port, user, password, tls } = way
  refuseForbidden(host)
  const cut = AbortSignal.any([signal, AbortSignal.timeout(workMsMax)])
  const options: ConnectionOptions = {
    ...{ host, port, user, password, connectTimeout: connectMsMax, multipleStatements: false },
    // Node compares a certificate with what a socket was connected to, but keeps only names there and no addresses.
    stream: () => Object.assign(bounded(connect({ host, port, lookup: targetLookup, noDelay: true })), { _host: host }),
    // An empty list: no server may ask for a file of ours, or have the password said in another way than asked for.
    flags: ['-LOCAL_FILES'],
    // The library would take any certificate of a known authority for the host's own.
    ...(tls && { ssl: { verifyIdentity: true } }),
  }
  let client: Connection | undefined
  const stop = () => client?.destroy()
  cut.addEventListener('abort', stop, { once: true })
  try {
    // Not before somebody rotates a user of such a server: the library takes 20 MB.
    const { createConnection } = await import('mysql2/promise')
    client = await createConnection({ ...options, authPlugins: await provenOnly(tls) })
    // A connection that breaks is told to whoever waits for an answer on it.
    client.on('error', () => {})
    cut.throwIfAborted()
    const result = await work(client)
    // In good order, since what is cut off stands in the server's log.
    await client.end()
    return result
  } catch (error) {
    if (cut.aborted) throw cut.reason
    throw error
  } finally {
    cut.removeEventListener('abort', stop)
    client?.destroy()
  }
}

/**
 * How a password is proven and not said. Where TLS tells who the server is, MySQL may ask for the password itself; without,
 * anybody could who stands between, with a key of their own to have it sealed for.
 */
async function provenOnly(tls: boolean): Promise<NonNullable<ConnectionOptions['authPlugins']>> {
  if (tls) return { mysql_clear_password: refuseToSay }
  const { default: mysql2 } = await import('mysql2')
  const caching_sha2_password = mysql2.authPlugins.caching_sha2_password({ onServerPublicKey: refuse })
  return { mysql_clear_password: refuseToSay, sha256_password: refuseToSay, caching_sha2_password }
}

const refuse = (): never => {
  throw new Error('The server asks for the password itself, which is only proven to it without TLS; switch "tls" on')
}
const refuseToSay = () => refuse
