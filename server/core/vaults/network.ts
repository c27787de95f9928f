import { BlockList, isIP } from 'node:net'
import type { Network } from './vault.ts'

/** Why a network doesn't let an address in: nobody from outside may, or not this one. Undefined: it does. */
export function refusal(network: Network, address: string): 'connection' | 'firewall' | undefined {
  if (!network.publicAccess) return 'connection'
  if (network.defaultAction === 'Allow') return undefined
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '')
  const family = isIP(bare)
  if (family === 0) return 'firewall'
  return listOf(network).check(bare, family === 4 ? 'ipv4' : 'ipv6') ? undefined : 'firewall'
}

/** An address, or a range in CIDR notation, as it is kept: always with its length; undefined for what is neither. */
export function rangeFrom(text: string): string | undefined {
  const [, address = '', bits] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text.trim()) ?? []
  const family = isIP(address)
  if (family === 0) return undefined
  const most = family === 4 ? 32 : 128
  const length = bits === undefined ? most : Number(bits)
  return length <= most ? `${address}/${length}` : undefined
}

/** Made once for each network that comes out of the rows. */
const lists = new WeakMap<Network, BlockList>()
function listOf(network: Network): BlockList {
  let list = lists.get(network)
  if (list === undefined) {
    list = new BlockList()
    for (const rule of network.ipRules) {
      const [address, bits] = rule.split('/') as [string, string]
      list.addSubnet(address, Number(bits), isIP(address) === 4 ? 'ipv4' : 'ipv6')
    }
    lists.set(network, list)
  }
  return list
}
