import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Log } from '#base/log.ts'
import type { Custodians } from '#core/keys/custody.ts'
import type { Base } from '#core/perform.ts'
import type { Times } from '#core/rotation/policy.ts'
import type { Providers } from '#core/rotation/rotation.ts'
import type { OnStep } from '#core/rotation/steps.ts'
import { DueBoard } from '#core/schedule/due-board.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import { certificateIssuer } from './certificate-issuer.ts'
import { certificateRenewer } from './certificate-renewer.ts'
import { changeSetKeeper } from './change-set-keeper.ts'
import { certificateExpirer, keyExpirer, secretExpirer } from './expirer.ts'
import { historyKeeper } from './history-keeper.ts'
import { keyKeeper } from './key-keeper.ts'
import { keyRotator } from './key-rotator.ts'
import type { Outlets } from './messenger.ts'
import { type KeepCheckpoint, notary } from './notary.ts'
import { startReadingKeeper } from './reading-keeper.ts'
import { certificateReaper, keyReaper, secretReaper, storeReaper, vaultReaper } from './reaper.ts'
import { rehearser } from './rehearser.ts'
import { type Relay, relay } from './relay.ts'
import { responder } from './responder.ts'
import { rotator } from './rotator.ts'
import { certificateSettler, keySettler, secretSettler } from './settler.ts'
import { snapshotKeeper } from './snapshot-keeper.ts'
import { type Validator, validator } from './validator.ts'
import { watcher } from './watcher.ts'
import { startWorker, type Worker } from './worker.ts'

/** All that happens unasked on this node. */
export type Workers = {
  readonly base: Base
  readonly subscription: string
  /** Under which domain this house's vaults lie. */
  readonly domain: string
  readonly vaults: VaultBook
  readonly custodians: Custodians
  readonly providers: Providers
  readonly times: Times
  readonly log: Log
  /** How events leave the house. */
  readonly events: Omit<Relay & Validator, 'base' | 'log'>
  readonly onStep: OnStep | undefined
  /** How many rotations at once, if it isn't as in production. */
  readonly concurrency: number | undefined
  readonly keepCheckpoint: KeepCheckpoint
  /** How alerts leave the house. */
  readonly outlets: Outlets
}

/** Starts all of them; closing waits for what they have begun. */
export function startWorkers({
  base,
  subscription,
  domain,
  vaults,
  custodians,
  providers,
  times,
  log,
  events,
  onStep,
  concurrency,
  keepCheckpoint,
  outlets,
}: Workers): Worker {
  const { database, clock } = base
  const owner = `${hostname()}:${process.pid}:${randomUUID()}`
  const around = { database, clock, log, owner, board: new DueBoard(database.read) }
  const workers = [
    startWorker(rotator({ base, vaults, providers, times, log, onStep, concurrency }), around),
    startWorker(keyRotator({ base, custodians }), around),
    startWorker(certificateIssuer({ base, custodians, outlets, log }), around),
    startWorker(certificateRenewer({ base, custodians, outlets, log }), around),
    startWorker(rehearser({ base, vaults, providers, times, log, onStep }), around),
    startWorker(secretReaper({ base, vaults }), around),
    startWorker(keyReaper({ base, vaults }), around),
    startWorker(certificateReaper({ base, vaults }), around),
    startWorker(secretSettler(base), around),
    startWorker(keySettler(base), around),
    startWorker(certificateSettler(base), around),
    startWorker(vaultReaper(base, subscription), around),
    startWorker(storeReaper(base, subscription), around),
    startWorker(keyKeeper(base), around),
    startWorker(notary(base, keepCheckpoint), around),
    startReadingKeeper({ database, log }),
    startWorker(responder({ base, providers, times, log }), around),
    startWorker(watcher({ base, vaults, outlets, log }), around),
    startWorker(snapshotKeeper({ base, vaults }), around),
    startWorker(changeSetKeeper({ base, vaults, domain }), around),
    startWorker(historyKeeper(base), around),
    startWorker(secretExpirer(base), around),
    startWorker(keyExpirer(base), around),
    startWorker(certificateExpirer(base), around),
    startWorker(validator({ base, ...events }), around),
    startWorker(relay({ base, log, ...events }), around),
  ]
  return {
    async close() {
      await Promise.all(workers.map((worker) => worker.close()))
    },
  }
}
