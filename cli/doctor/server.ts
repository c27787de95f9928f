import { ConfigurationError } from '@cardea/client'
import { namesWantedIn } from '../names.ts'
import type { Way } from '../way.ts'
import type { World } from '../world.ts'
import { type Line, wordsOf } from './line.ts'

/** Tokens are good from their issuing on; a minute more is granted by nobody. */
const skewMsMax = 60_000

/** Whether it is reached, trusted, at work, and of one mind with us about the time. */
export async function serverLines(vault: string, { transport, folder }: Way, world: World): Promise<Line[]> {
  try {
    const answer = await transport.send({ url: new URL('/.cardea/ready', vault) })
    const lines: Line[] = [
      { state: 'ok', about: 'trust', says: 'the server’s certificate is trusted' },
      answer.status === 200
        ? { state: 'ok', about: 'server', says: 'it answers, and can read and write' }
        : {
            state: 'fail',
            about: 'server',
            says: `it answers ${answer.status}: its database can’t be read or written`,
            next: 'Look at the server’s log, at its disk and at CARDEA_DATABASE.',
          },
    ]
    const skew = Date.parse(String(answer.headers.date ?? '')) - world.now()
    if (Number.isNaN(skew)) return lines
    const seconds = Math.round(Math.abs(skew) / 1000)
    return [
      ...lines,
      Math.abs(skew) <= skewMsMax
        ? { state: 'ok', about: 'clock', says: `this machine and the server agree within ${seconds + 1} s` }
        : {
            state: 'fail',
            about: 'clock',
            says: `this machine’s clock is ${seconds} s ${skew > 0 ? 'behind' : 'ahead of'} the server’s`,
            next: 'Set the clocks by NTP: tokens are valid by time.',
          },
    ]
  } catch (error) {
    const untrusted = error instanceof ConfigurationError && error.code === 'untrusted'
    const next = untrusted
      ? 'Trust its authority: eval "$(cardea env)" sets NODE_EXTRA_CA_CERTS, SSL_CERT_FILE and REQUESTS_CA_BUNDLE.'
      : (namesWantedIn(folder) ??
        'Is it running, and are its port and proxy the ones that the environment names? See: cardea env')
    if (untrusted)
      return [
        { state: 'fail', about: 'trust', ...wordsOf(error), next },
        { state: 'fail', about: 'server', says: 'it wasn’t asked' },
      ]
    return [{ state: 'fail', about: 'server', ...wordsOf(error), next }]
  }
}
