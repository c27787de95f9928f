import { newKeyPair, rotateSigningKey, signingKeyRotation } from '#core/identity/tokens.ts'
import type { Base } from '#core/perform.ts'
import { hold, leaseMs, settle } from '#core/schedule/schedule.ts'
import type { Work } from './worker.ts'

/** Makes the next key that signs tokens, a day before it does. */
export const keyKeeper = ({ database, keyring }: Base): Work => ({
  name: 'key keeper',
  kind: signingKeyRotation,
  concurrency: 1,
  leaseMs,
  async run(lease) {
    const pair = await newKeyPair()
    await database.write(async (turn) => {
      await hold(turn, lease)
      await settle(turn, lease, await rotateSigningKey(turn, keyring, pair))
    })
  },
})
