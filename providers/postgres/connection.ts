import { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { Client } from 'pg'
import type { Login } from '../login.ts'
import { bounded, refuseForbidden, targetLookup } from '../targets.ts'
import type { SslMode } from './pair.ts'

export type Way = Login & {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly sslMode: SslMode | undefined
}

const connectMsMax = 3_000
/** For all that one connection does. The engine gives a call ten seconds. */
const workMsMax = 8_000

/** A fresh connection for one piece of work. It is cut off when the signal aborts, and nothing is sent afterwards. */
export async function connected<T>(way: Way, signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const { host, port, database, user, password } = way
  refuseForbidden(host)
  const cut = AbortSignal.any([signal, AbortSignal.timeout(workMsMax)])
  const client = new Client({
    host,
    port,
    database,
    user,
    // As a function, since the environment's password would stand in for an empty one.
    password: () => password,
    application_name: 'cardea',
    ssl: tls(way.sslMode),
    connectionTimeoutMillis: connectMsMax,
    stream: () => bounded(new CheckedSocket(way, cut)),
  })
  if (way.sslMode !== 'verify-full') answerOnlyScram(client)
  // A connection that breaks is told to whoever waits for an answer on it.
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } catch (error) {
    if (cut.aborted) throw cut.reason
    throw inWords(error, way)
  } finally {
    await client.end()
  }
}

/** A socket as `pg` wants it, which connects to the address that was checked. */
class CheckedSocket extends Socket {
  readonly #to: Pick<Way, 'host' | 'port'>
  constructor(to: Pick<Way, 'host' | 'port'>, signal: AbortSignal) {
    super({ signal })
    this.#to = to
  }
  override connect(): this {
    const { host, port } = this.#to
    return super.connect({ host, port, lookup: targetLookup })
  }
}

/**
 * A server that isn't known for certain must not be told the password: asked for it in clear or as MD5, where SCRAM would
 * only prove that we know it, the connection ends. (`pg` has no setting for this; libpq's is `require_auth`.)
 */
function answerOnlyScram(client: Client): void {
  const { connection } = client as unknown as { connection: { password(text: string): void; stream: Socket } }
  connection.password = () => {
    connection.stream.destroy(
      new Error(
        'The server asks for the password itself. Unless sslmode is verify-full, only SCRAM-SHA-256 is answered.',
      ),
    )
  }
}

/** As libpq understands the modes: `require` hides from listeners, `verify-full` from impostors too. */
function tls(mode: SslMode | undefined): false | ConnectionOptions {
  switch (mode) {
    case undefined:
    case 'disable':
      return false
    case 'require':
      return { rejectUnauthorized: false }
    case 'verify-ca':
      return { checkServerIdentity: () => undefined }
    case 'verify-full':
      return {}
  }
}

/** Node says of a host with two addresses that refuses both nothing at all. */
function inWords(error: unknown, { host, port }: Way): unknown {
  if (!(error instanceof AggregateError)) return error
  const [first] = error.errors
  return new Error(
    `PostgreSQL at ${host}:${port} can't be reached: ${first instanceof Error ? first.message : 'no answer'}`,
  )
}
