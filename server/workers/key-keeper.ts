import { newKeyPair, rotateSigningKey, signingKeyRotation } from '#core/identity/tokens.ts'
import type { Base } from '#core/perform.ts'
import { leaseMs } from '#core/schedule/schedule.ts'
import { underLease } from './under-lease.ts'
import type { Work } from './worker.ts'

/** Makes the next key that signs tokens, a day before it does. */
export const keyKeeper = (base: Base): Work => ({
  name: 'key keeper',
  kind: signingKeyRotation,
  concurrency: 1,
  leaseMs,
  async run(lease) {
    const pair = await newKeyPair()
    await underLease(base, lease, ({ turn, keyring }) => rotateSigningKey(turn, keyring, pair))
  },
})
