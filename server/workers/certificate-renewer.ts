import type { Log } from '#base/log.ts'
import { inside } from '#core/audit/entry.ts'
import { life, resourceOf } from '#core/certificates/certificates.ts'
import { renewing } from '#core/certificates/lifetime.ts'
import { prepareCertificate } from '#core/certificates/making.ts'
import { againMs, type Due, dueNow, mailNotice, renewCertificate } from '#core/certificates/renewal.ts'
import type { Custodians } from '#core/keys/custody.ts'
import { noteNotice } from '#core/objects/expiry.ts'
import { type Base, perform } from '#core/perform.ts'
import { hold, type Lease, leaseMs, partsOf, settle, whileHeld } from '#core/schedule/schedule.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { liveVault } from '#core/vaults/vaults.ts'
import { mailContacts, mailIfPossible } from './certificate-mail.ts'
import type { MailOutlet } from './mail.ts'
import { pauseAfter } from './pause.ts'
import { engineCaller } from './rotator.ts'
import { underLease } from './under-lease.ts'
import type { Work } from './worker.ts'

type CertificateRenewer = {
  readonly base: Base
  readonly custodians: Custodians
  readonly outlets: MailOutlet
  readonly log: Log
}

/**
 * Has certificates renewed when their policy says so, as the rotation engine's own principal: it asks for the next version as a
 * person would, and whoever issues does the rest. Where the policy says that people are to be told, it mails them. Whatever
 * changes when something is due moves it in the due-index, and fences this worker out.
 */
export function certificateRenewer({ base, custodians, outlets, log }: CertificateRenewer): Work {
  const { database, keyring } = base
  let caller: Awaited<ReturnType<typeof engineCaller>> | undefined

  async function renew(lease: Lease, vault: Vault, { latest }: Due & { what: 'renewal' }): Promise<void> {
    const maker = { sql: database.read, keyring, custodians }
    const asked = await whileHeld(database, lease, () => prepareCertificate(maker, vault, latest.name, undefined))
    caller ??= await engineCaller(base)
    const engine = caller
    const intent = {
      caller: engine,
      action: 'certificates/renew',
      resource: resourceOf(vault, latest.name),
      operation: 'CertificateRenew',
      circumstances: { ...inside, agent: 'cardea certificate renewer' },
    } as const
    const { requestId } = await perform(base, intent, async (scope) => {
      await hold(scope.turn, lease)
      const operation = await renewCertificate(scope, engine, vault, latest, asked)
      // When the next version is there, its own time is waited for; if it never comes, this one is tried again.
      await settle(scope.turn, lease, scope.at + againMs)
      return operation
    })
    await mailIfPossible(base, { outlets, log }, vault, { name: latest.name, news: 'renewing', about: requestId })
  }

  async function tell(lease: Lease, vault: Vault, { latest }: Due & { what: 'mail' }): Promise<void> {
    const { name, expires = 0 } = latest
    await mailContacts(base, outlets, vault, { name, news: 'ending', about: new Date(expires).toISOString() })
    // It is told before it is kept as told: after a crash in between it is told twice, never not at all.
    await underLease(base, lease, async ({ sql }) => {
      await noteNotice(life, sql, vault, latest, mailNotice)
      return undefined
    })
  }

  return {
    name: 'certificate renewer',
    kind: renewing,
    concurrency: 2,
    leaseMs,
    pauseAfter,
    async run(lease) {
      const [vaultName, name] = partsOf(lease.subject)
      const vault = await liveVault(database.read, vaultName)
      // A deleted vault has taken its certificates out of the due-index, and puts them back when it is recovered.
      if (vault === undefined) return
      const due = await database.write(async (turn) => {
        await hold(turn, lease)
        const found = await dueNow(turn, keyring, vault, name)
        if (found.what === undefined) await settle(turn, lease, found.due)
        return found
      })
      if (due.what === 'renewal') await renew(lease, vault, due)
      else if (due.what === 'mail') await tell(lease, vault, due)
    },
  }
}
