import { list, record, text } from '@cardea/contract/shape'
import { authorityOf, type Place } from '../login.ts'

const members = record({ hosts: list(text()), user: text(), privateKey: text() })

export type Administrator = { readonly key: string; readonly blob: string }

/**
 * Who changes the keys: the same user, with a key of its own. So Cardea has no rights at the host but that user's, and
 * nothing that the user has laid in the way, a link for one, can lead it to what is somebody else's. The secret names the
 * hosts that it is for: a binding that leads elsewhere has no use of it.
 */
export async function administratorIn(
  value: string | undefined,
  name: string,
  place: Place & { readonly user: string },
): Promise<Administrator> {
  const wanted = `The secret ${name} must be JSON with hosts, user and a privateKey without a passphrase`
  let read: ReturnType<typeof members.read>
  try {
    read = members.read(JSON.parse(value ?? ''), '')
  } catch {
    throw new Error(wanted)
  }
  if (!read.hosts.some((host) => authorityIn(host) === authorityOf(place))) {
    throw new Error(`The secret ${name} is for other hosts than that of the binding, ${authorityOf(place)}`)
  }
  if (read.user !== place.user) throw new Error(`The secret ${name} is a key of another user than ${place.user}`)
  const { default: ssh2 } = await import('ssh2')
  const parsed = ssh2.utils.parseKey(read.privateKey)
  if (parsed instanceof Error || !('getPublicSSH' in parsed)) throw new Error(wanted)
  return { key: read.privateKey, blob: parsed.getPublicSSH().toString('base64') }
}

/** `web1.example`, `web1.example:2222`, `[2001:db8::1]:22`. */
function authorityIn(host: string): string | undefined {
  const url = URL.parse(`ssh://${host}`)
  if (url === null || url.hostname === '') return undefined
  return authorityOf({ host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(url.port || 22) })
}
