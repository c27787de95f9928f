import { type Running, runningIn } from '@cardea/server/environment'

type Listening = Pick<Running, 'domain' | 'host' | 'port' | 'publicPort'>

/** What DNS can't answer with as it is: the address of all addresses, and a name. */
const addresses: Readonly<Record<string, string>> = {
  '0.0.0.0': 'an address of its machine',
  '::': 'an address of its machine',
  localhost: '127.0.0.1',
}

/** What must be so for programs to find a server that runs without its proxy. */
export function namesWanted({ domain, host, port, publicPort }: Listening): string {
  const address = addresses[host] ?? host
  const ports = port === publicPort ? '' : `, and port ${publicPort} there leads to port ${port}`
  return `Cardea’s proxy is off: programs find it where DNS answers *.${domain} with ${address}${ports}.`
}

/** The same for the server of a folder; nothing where programs go through its proxy, or where none ever ran. */
export function namesWantedIn(folder: string | undefined): string | undefined {
  const running = folder === undefined ? undefined : runningIn(folder)
  return running === undefined || running.proxyPort !== undefined ? undefined : namesWanted(running)
}
