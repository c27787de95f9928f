import type { RotationState } from '@cardea/contract/cardea/rotations'
import type { Probe } from '@cardea/contract/rotation/provider'
import {
  afterApply,
  afterCheck,
  afterRestore,
  afterRetire,
  afterReturn,
  afterUndo,
  isOpen,
  mayBecome,
  nextStep,
  type Withdrawn,
} from '../machine.ts'
import {
  type Credential,
  isHuman,
  type Manner,
  type Move,
  mints,
  type Place,
  placeOf,
  probeOf,
  type Request,
  type Rotation,
  sideBySide,
  slotted,
  unheardOf,
  type Worker,
  type World,
  works,
} from './world.ts'

/** Each protects against something; a search without one must find what. */
export type Guards = {
  readonly fence: boolean
  readonly verify: boolean
  readonly quarantine: boolean
  readonly occupied: boolean
  /** What a lost answer has made is swept away before the next is made. */
  readonly sweep: boolean
}

const isArmed = (worker: Worker | undefined): boolean => worker?.at.startsWith('armed') === true

/** What a worker may do next, one step of those that the machine says at a time; or that it dies. */
export function act(manner: Manner, guards: Guards, world: World, index: number, move: Move) {
  const worker = world.workers[index]
  const set = (next: World, change: Partial<Worker>) => {
    next.workers[index] = { ...(next.workers[index] as Worker), ...change }
  }
  const free = (next: World) => {
    next.workers[index] = undefined
  }
  if (worker === undefined) {
    const held = world.workers.some((other) => other?.valid)
    if (held && world.left.takeovers === 0) return
    move(held ? 'a worker takes over' : 'a worker claims', (next) => {
      if (held) next.left.takeovers -= 1
      for (const other of next.workers) if (other !== undefined) other.valid = false
      next.workers[index] = { valid: true, at: 'look' }
    })
    return
  }
  if (world.left.crashes > 0) {
    move(`a worker dies at ${worker.at}`, (next) => {
      next.left.crashes -= 1
      free(next)
    })
  }

  /** A fenced turn: changes the row if it is still as it was, else drops everything. */
  const turn = (name: string, change: (next: World, row: Rotation | undefined) => void) =>
    move(name, (next) => {
      const row = next.rotation?.id === worker.row?.id ? next.rotation : undefined
      if (guards.fence && (!worker.valid || row === undefined || row.state !== worker.row?.state)) return free(next)
      change(next, row)
    })
  const become = (to: RotationState) =>
    turn(`→ ${to}`, (next, row) => {
      if (row === undefined) return free(next)
      if (guards.fence && !mayBecome(row.state, to)) throw new Error(`The machine leads from ${row.state} to ${to}`)
      row.state = to
      if (isOpen(to)) return set(next, { at: 'look' })
      next.rotation = undefined
      free(next)
    })
  const send = (request: Request, at: string) =>
    move(`sends ${request.op} ${request.c}`, (next) => {
      const same = ({ id, op, c }: Request) => id === request.id && op === request.op && c === request.c
      if (!next.net.some(same)) next.net.push(request)
      set(next, { at })
    })
  const sweep = (next: World, id: number) => {
    if (!guards.sweep || !sideBySide(manner) || next.broken) return
    next.far.x = (next.far.x ?? []).filter((c) => !c.startsWith(`m${id}`))
  }
  const row = worker.row as Rotation
  const candidate = row?.candidate as Credential
  const displaced = world.published.v !== (row?.made ?? row?.base)
  const standing = world.published.v !== row?.base ? world.published.c : row?.previous
  const slotFor = (previous: Credential): Place => (!slotted(manner) ? 'x' : placeOf(previous) === 'a' ? 'b' : 'a')

  /** What is to be taken away once the rotation has published. */
  const oldOf = ({ published }: World): Credential[] => {
    const both = (sideBySide(manner) && displaced) || published.v === row.returned
    return [row.previous, ...(both ? [candidate] : [])].filter((c) => c !== published.c && !isHuman(c))
  }

  switch (worker.at) {
    case 'look': {
      if (!worker.valid) return move('a zombie notices', free)
      const { rotation } = world
      if (rotation === undefined) {
        if (world.left.rotations === 0 || world.off) return move('nothing to do', free)
        return move('a rotation begins', (next) => {
          next.left.rotations -= 1
          next.begun += 1
          const previous = next.published.c
          next.rotation = {
            ...{ id: next.begun, state: 'planned', base: next.published.v, slot: slotFor(previous), previous },
            ...{ sent: false, prepared: false },
          }
        })
      }
      const quiet =
        !guards.quarantine ||
        (!world.net.some(({ id }) => id === rotation.id) &&
          !world.workers.some((other) => isArmed(other) && other?.row?.id === rotation.id))
      const early = ['planned', 'applying', 'verified'].includes(rotation.state)
      const superseded = rotation.prepared && world.published.v !== rotation.base
      const displaced = world.published.v !== (rotation.made ?? rotation.base)
      // Nothing works once the far side has forgotten it: what is left then is to try for as long as one may.
      const mayGiveUp = world.hurt || (early && world.left.giveUps > 0)
      for (const givenUp of mayGiveUp ? [false, true] : [false]) {
        const withdrawn: Withdrawn | undefined = superseded
          ? 'superseded'
          : world.off
            ? 'disabled'
            : givenUp && early
              ? 'given-up'
              : undefined
        const step = nextStep({
          kind: manner === 'two-key' ? 'slots' : manner,
          mints: mints(manner),
          state: rotation.state,
          prepared: rotation.prepared,
          known: rotation.candidate !== undefined,
          sent: rotation.sent,
          withdrawn,
          quiet,
          graceOver: world.consumer.v === world.published.v || rotation.urgent === true,
          retires: slotted(manner) ? !isHuman(rotation.previous) : sideBySide(manner) || rotation.urgent === true,
          displaced,
          accepted: rotation.accepted === true,
          givenUp: givenUp && !early,
        })
        move(givenUp ? 'looks, and gives up' : 'looks', (next) => {
          if (givenUp && !world.hurt) next.left.giveUps -= 1
          if (step === 'wait') return free(next)
          const seen = { row: { ...rotation }, quiet }
          if (typeof step === 'object') return set(next, { ...seen, at: 'move', to: step.to })
          if (step === 'apply') return set(next, { ...seen, at: rotation.sent ? 'ask' : 'arm' })
          set(next, { ...seen, at: step })
        })
      }
      return
    }
    case 'move':
      return become(worker.to as RotationState)
    case 'prepare':
      return turn('prepares', (next, open) => {
        if (open === undefined) return free(next)
        if (next.published.v !== open.base) {
          // Somebody published before the candidate was thought of: the plan is made for theirs.
          open.base = next.published.v
          open.previous = next.published.c
          open.slot = slotFor(open.previous)
        }
        open.prepared = true
        if (!mints(manner)) open.candidate = `c${open.id}${open.slot}`
        set(next, { at: 'look' })
      })
    case 'check': {
      const { consumer, published } = world
      // Somebody who hasn't followed a human's write yet runs on the very slot.
      const occupied = consumer.v !== published.v && placeOf(consumer.c) === row.slot
      if (guards.occupied && occupied) return move('waits', free)
      const to = afterCheck(isHuman(row.previous) ? 'none' : probeOf(world, row.previous))
      return to === 'planned' ? move('waits', free) : become(to)
    }
    case 'ask':
      return move('asks for the candidate', (next) => {
        const probe = probeOf(next, candidate)
        if (probe !== 'valid' && mints(manner)) return free(next)
        set(next, probe === 'valid' ? { at: 'keep', probe } : { at: 'arm' })
      })
    case 'mint':
      return turn('arms', (next, open) => {
        if (open !== undefined) open.sent = true
        set(next, { at: 'armed-sweep' })
      })
    case 'armed-sweep':
      return move('sweeps', (next) => {
        sweep(next, row.id)
        set(next, { at: 'armed-mint' })
      })
    case 'armed-mint': {
      const c = unheardOf(world, row)
      return move(`sends mint ${c}`, (next) => {
        next.net.push({ id: row.id, op: 'mint', c })
        set(next, { at: 'await', c })
      })
    }
    case 'await':
      move('hears nothing', free)
      if (!works(world, worker.c as Credential)) return
      return move('hears the value', (next) => set(next, { at: 'keep-minted' }))
    case 'keep-minted':
      return turn('keeps the value', (next, open) => {
        if (open !== undefined && worker.c !== undefined) open.candidate = worker.c
        set(next, { at: 'look' })
      })
    case 'arm':
      return turn('arms', (next, open) => {
        if (open !== undefined) open.sent = true
        set(next, { at: 'armed' })
      })
    case 'armed':
      return send({ id: row.id, op: 'apply', c: candidate }, 'probe')
    case 'probe':
      return move('asks for the candidate', (next) => set(next, { at: 'keep', probe: probeOf(next, candidate) }))
    case 'keep': {
      const lost = world.broken && !works(world, row.previous)
      const to = guards.verify ? afterApply(worker.probe as Probe, lost) : 'verified'
      return to === 'applying' ? move('waits', free) : become(to)
    }
    case 'publish':
      return turn('publishes', (next, open) => {
        if (next.published.v !== row.base) return free(next)
        next.published = { c: candidate, v: next.published.v + 1 }
        next.versionsOf.push(row.id)
        if (open === undefined) return free(next)
        open.state = 'grace'
        open.made = next.published.v
        set(next, { at: 'look' })
      })
    case 'return': {
      if (displaced || world.off) return become('grace')
      const answer = isHuman(row.previous) ? 'stay' : afterReturn(probeOf(world, row.previous))
      if (answer === 'stay') return become('grace')
      return move('asks for the value before', (next) => set(next, { at: 'publish-again' }))
    }
    case 'publish-again':
      return turn('publishes the value before', (next, open) => {
        if (next.published.v !== row.made) return free(next)
        next.goneBackFrom = next.published.c
        next.published = { c: row.previous, v: next.published.v + 1 }
        if (open !== undefined) {
          open.state = 'grace'
          open.returned = next.published.v
        }
        set(next, { at: 'look' })
      })
    case 'retire':
      if (world.off && displaced) return move('waits', free)
      return move('asks for what is published', (next) => {
        const old = oldOf(next)
        if (old.length === 0) return set(next, { at: 'move', to: 'done' })
        if (!works(next, next.published.c)) return free(next)
        // Who published once more starts the waiting once more.
        if (displaced && next.consumer.v !== next.published.v && !row.urgent) return free(next)
        const c = old.find((one) => works(next, one)) ?? (old[0] as Credential)
        set(next, { at: 'ask-old', c })
      })
    case 'ask-old':
      return move('asks for the old credential', (next) => {
        const probe = probeOf(next, worker.c as Credential)
        // After a leak it is told all the same, to end what the credential has opened.
        const isTold = probe === 'valid' || (row.urgent === true && !mints(manner))
        set(next, isTold ? { at: 'arm-retire' } : { at: 'keep-retired', probe })
      })
    case 'arm-retire':
      return turn('arms', (next) => set(next, { at: 'armed-retire' }))
    case 'armed-retire':
      return send({ id: row.id, op: 'retire', c: worker.c as Credential }, 'probe-old')
    case 'probe-old':
      return move('asks for the old credential', (next) => {
        // An answer of the far side to the very request would show that it has come to rest; this world gives none.
        const under = next.net.some(({ id }) => id === row.id) && guards.quarantine
        const probe = probeOf(next, worker.c as Credential)
        set(next, { at: 'keep-retired', probe, quiet: worker.quiet === true && !under })
      })
    case 'keep-retired': {
      if (row.state === 'compensating') {
        const to = afterUndo(worker.probe as Probe, worker.quiet === true)
        return to === 'compensating' ? move('waits', free) : become(to)
      }
      // One of two is gone; the other follows.
      if (oldOf(world).some((c) => works(world, c))) return move('looks again', free)
      const to = afterRetire(worker.probe as Probe, worker.quiet === true)
      return to === 'retiring' ? move('waits', free) : become(to)
    }
    case 'restore': {
      // What can't be read can't be put back.
      if (world.off && world.published.v !== row.base) return move('waits', free)
      const mine = manner === 'single' || placeOf(standing) === row.slot
      const probe = mine ? probeOf(world, standing) : 'valid'
      if (probe === 'invalid') return move('', (next) => set(next, { at: 'arm-restore' }))
      const from = row.state === 'retiring' ? 'retiring' : 'compensating'
      const to = afterRestore(from, probe, worker.quiet === true)
      return to === from ? move('waits', free) : become(to)
    }
    case 'undo': {
      if (mints(manner)) return turn('arms', (next) => set(next, { at: 'armed-undo' }))
      return move('asks for the candidate', (next) => {
        const probe = probeOf(next, candidate)
        set(next, { c: candidate, ...(probe === 'valid' ? { at: 'arm-retire' } : { at: 'keep-retired', probe }) })
      })
    }
    case 'armed-undo':
      return move('sweeps', (next) => {
        sweep(next, row.id)
        set(next, { at: 'move', to: 'aborted' })
      })
    case 'arm-restore':
      return turn('arms', (next) => set(next, { at: 'armed-restore' }))
    case 'armed-restore':
      return send({ id: row.id, op: 'apply', c: standing }, 'sent')
    case 'sent':
      return move('waits', free)
    default:
      throw new Error(`A worker can't be at ${worker.at}`)
  }
}
