import type { Allowance } from '#base/allowance.ts'
import { networkOf } from '#base/network.ts'
import type { Strangers } from '#core/audit/strangers.ts'
import type { Call } from '../plane.ts'

/** How many requests that prove nothing are answered from each network; undefined: all. */
export type Crowd = { readonly allowance: Allowance | undefined; readonly strangers: Strangers }

/** After how many milliseconds somebody from there is answered again; 0: now. Who isn't answered is counted. */
export function holdBack({ allowance, strangers }: Crowd, { circumstances }: Call): number {
  const network = networkOf(circumstances.address)
  const waitMs = allowance?.take(network) ?? 0
  if (waitMs > 0) strangers.count(network)
  return waitMs
}
