import { Fault } from '#base/fault.ts'
import type { Log } from '#base/log.ts'
import { type AuditOutcome, inside } from '#core/audit/entry.ts'
import { resourceOf } from '#core/certificates/certificates.ts'
import { end, finish, stillUnderway } from '#core/certificates/issuing.ts'
import { issueBySelf } from '#core/certificates/making.ts'
import { isSelf } from '#core/certificates/policy.ts'
import { issuing, operationOf, type Underway } from '#core/certificates/underway.ts'
import type { Custodians } from '#core/keys/custody.ts'
import type { Base, Writing } from '#core/perform.ts'
import { type Lease, leaseMs, partsOf, settle, whileHeld } from '#core/schedule/schedule.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { liveVault } from '#core/vaults/vaults.ts'
import { mailIfPossible, type News } from './certificate-mail.ts'
import type { MailOutlet } from './mail.ts'
import { underLease } from './under-lease.ts'
import type { Work } from './worker.ts'

type CertificateIssuer = {
  readonly base: Base
  readonly custodians: Custodians
  readonly outlets: MailOutlet
  readonly log: Log
}

/** What is wrong with what was asked, and will be so whenever it is tried; all else may pass. */
const isFinal = (error: unknown): error is Fault =>
  error instanceof Fault && (error.code === 'invalid' || error.code === 'conflict')

/** Ends an operation without a certificate, and gives what the journal names then. */
async function ended(...given: Parameters<typeof end>): Promise<string> {
  await end(...given)
  const [, vault, { name }] = given
  return resourceOf(vault, name)
}

/**
 * Issues certificates for which no authority is asked, signed by their own key, and ends what was called off. It is signed outside
 * of a turn; certificate, key, secret and the operation's end are one turn. Whoever asked was allowed to, and is named in the journal.
 */
export function certificateIssuer({ base, custodians, outlets, log }: CertificateIssuer): Work {
  const { database, keyring, clock } = base

  /**
   * Ends the operation in a turn under the lease, if it still is what was looked at; false if it isn't. What ends it says which
   * resource the journal names.
   */
  async function concluding(
    lease: Lease,
    vault: Vault,
    seen: Underway,
    conclude: (writing: Writing, operation: Underway) => Promise<string>,
    outcome: AuditOutcome,
  ): Promise<boolean> {
    let isEnded = false
    await underLease(base, lease, async (hand) => {
      const operation = await stillUnderway(hand, vault, seen)
      if (operation === undefined) return undefined
      const resource = await conclude(hand, operation)
      const circumstances = { ...inside, agent: 'cardea certificate issuer' }
      hand.enter({ operation: 'CertificateEnroll', resource, caller: operation.by, circumstances, outcome })
      isEnded = true
      return undefined
    })
    return isEnded
  }

  /** Of what nobody asked for, people are told how it ended. */
  async function tell(
    vault: Vault,
    { name, requestId, isRenewal }: Underway,
    news: News,
    more?: string,
  ): Promise<void> {
    if (isRenewal) await mailIfPossible(base, { outlets, log }, vault, { name, news, about: requestId, more })
  }

  async function issue(lease: Lease, vault: Vault, operation: Underway): Promise<void> {
    try {
      const ready = await whileHeld(database, lease, () => issueBySelf(custodians, vault, operation, clock()))
      const publish = async (writing: Writing, seen: Underway) =>
        `${resourceOf(vault, seen.name)}/${await finish(writing, vault, seen, ready)}`
      if (await concluding(lease, vault, operation, publish, 'done')) await tell(vault, operation, 'renewed')
    } catch (error) {
      if (!isFinal(error)) throw error
      log.warn({ error, vault: vault.name, certificate: operation.name }, 'a certificate could not be issued')
      const fail = (writing: Writing, seen: Underway) => ended(writing, vault, seen, 'failed', error)
      const hasFailed = await concluding(lease, vault, operation, fail, error.code)
      if (hasFailed) await tell(vault, operation, 'not renewed', error.message)
    }
  }

  return {
    name: 'certificate issuer',
    kind: issuing,
    concurrency: 2,
    leaseMs,
    async run(lease) {
      const [vaultName, name] = partsOf(lease.subject)
      const vault = await liveVault(database.read, vaultName)
      // A deleted vault has taken its certificates out of the due-index, and puts them back when it is recovered.
      if (vault === undefined) return
      const operation = await operationOf({ sql: database.read, keyring }, vault, name)
      if (operation?.status === 'inProgress' && operation.isCallingOff) {
        const cancel = (writing: Writing, seen: Underway) => ended(writing, vault, seen, 'cancelled')
        return void (await concluding(lease, vault, operation, cancel, 'done'))
      }
      if (operation?.status === 'inProgress' && isSelf(operation.issuer)) return issue(lease, vault, operation)
      await database.write((turn) => settle(turn, lease, undefined))
    },
  }
}
