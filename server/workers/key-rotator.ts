import { inside } from '#core/audit/entry.ts'
import { type Custodians, generate } from '#core/keys/custody.ts'
import { resourceOf } from '#core/keys/keys.ts'
import { rotatingKeys } from '#core/keys/lifetime.ts'
import { dueNow, rotateKey } from '#core/keys/rotation.ts'
import { type Base, perform } from '#core/perform.ts'
import { hold, type Lease, leaseMs, partsOf, settle, whileHeld } from '#core/schedule/schedule.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { liveVault } from '#core/vaults/vaults.ts'
import { pauseAfter } from './pause.ts'
import { engineCaller } from './rotator.ts'
import type { Work } from './worker.ts'

type KeyRotator = { readonly base: Base; readonly custodians: Custodians }

/**
 * Gives keys their next version when their policy says so, as the rotation engine's own principal. The key is made outside
 * of a turn. Whatever changes when it is due moves it in the due-index, and fences this worker out: so what it
 * made is thrown away, and nothing else is left of it.
 */
export function keyRotator({ base, custodians }: KeyRotator): Work {
  const { database, keyring } = base
  let caller: Awaited<ReturnType<typeof engineCaller>> | undefined

  async function rotate(lease: Lease, vault: Vault, name: string): Promise<void> {
    const standing = await database.write(async (turn) => {
      await hold(turn, lease)
      const found = await dueNow(turn, keyring, vault, name)
      if ('due' in found) await settle(turn, lease, found.due)
      return found
    })
    if ('due' in standing) return
    const { custody, shape } = standing.replaces
    const made = await whileHeld(database, lease, () => generate(custodians, vault, custody, shape))
    caller ??= await engineCaller(base)
    const intent = {
      caller,
      action: 'keys/rotate',
      resource: resourceOf(vault, name),
      operation: 'KeyRotateIfDue',
      circumstances: { ...inside, agent: 'cardea key rotator' },
    } as const
    await perform(base, intent, async (scope) => {
      await hold(scope.turn, lease)
      // With it its own successor is waited for, and that takes the lease away.
      await rotateKey(scope, vault, name, made)
    })
  }

  return {
    name: 'key rotator',
    kind: rotatingKeys,
    // Keys are made one after the other anyway, and people who wait for theirs come between.
    concurrency: 2,
    leaseMs,
    pauseAfter,
    async run(lease) {
      const [vaultName, name] = partsOf(lease.subject)
      const vault = await liveVault(database.read, vaultName)
      // A deleted vault has taken its keys out of the due-index, and puts them back when it is recovered.
      if (vault === undefined) return
      await rotate(lease, vault, name)
    },
  }
}
