import type { RotationState } from '@cardea/contract/cardea/rotations'
import type { Kind, Probe } from '@cardea/contract/rotation/provider'
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

/**
 * A small world in which the state machine is driven through every order of events: two workers of which one may be
 * taken for dead at any moment and go on as a zombie, crashes, requests that arrive late, twice or never, a rotation
 * that is given up, a human who publishes another value, a secret that is disabled, a leak, and a far side that forgets
 * all that it accepted until an operator helps. The machine's own rules decide; the world only executes.
 */
/** The kinds of the treaty, and two slots whose values the far side makes: a service with two keys. */
export type Manner = Kind | 'two-key'
/** Each protects against something; a search without one must find what. */
export type Guards = {
  readonly fence: boolean
  readonly verify: boolean
  readonly quarantine: boolean
  readonly occupied: boolean
  /** What a lost answer has made is swept away before the next is made. */
  readonly sweep: boolean
}
export type Budget = {
  readonly rotations: number
  readonly takeovers: number
  readonly crashes: number
  readonly humans: number
  readonly giveUps: number
  /** How often the secret may be disabled; it is enabled again at any time. */
  readonly offs?: number
  /** How often the far side may forget everything, and its administrator's credential with it. */
  readonly losses?: number
  /** How often somebody may call a leak. */
  readonly leaks?: number
  /** How often an operator may go back to the value before. */
  readonly backs?: number
}

/** A credential is its name; its last letter is the slot it lives in. `h` ones are a human's and live elsewhere. */
type Credential = string
type Place = 'a' | 'b' | 'x'
type Published = { c: Credential; v: number }
type Rotation = {
  id: number
  state: RotationState
  base: number
  slot: Place
  candidate?: Credential
  previous: Credential
  sent: boolean
  prepared: boolean
  made?: number
  /** The version by which an operator has gone back. */
  returned?: number
  accepted?: boolean
  urgent?: boolean
}
type Request = { id: number; op: 'apply' | 'retire' | 'mint'; c: Credential }
/** What a worker remembers between its steps: the row as it was when it looked, and how far it has come since. */
type Worker = {
  valid: boolean
  at: string
  row?: Rotation
  quiet?: boolean
  to?: RotationState
  probe?: Probe
  c?: Credential
}
export type World = {
  published: Published
  far: Partial<Record<Place, Credential[]>>
  consumer: Published
  rotation: Rotation | undefined
  net: Request[]
  workers: (Worker | undefined)[]
  versionsOf: number[]
  begun: number
  off: boolean
  /** The far side has forgotten everything, and takes no orders. */
  broken: boolean
  /** It was so, at some time: then nothing that is published need work, and what can't be mended is given up. */
  hurt: boolean
  /** A leak was called: whoever runs on the old credential has lost it. */
  leaked: boolean
  /** Credentials that a human has put another in place of. */
  displaced: Credential[]
  /** What an operator went back from, and nobody has put another in place of since. */
  goneBackFrom?: Credential | undefined
  left: Required<{ -readonly [K in keyof Budget]: number }>
}
export type Move = readonly [name: string, next: World]

const slotted = (manner: Manner): boolean => manner === 'slots' || manner === 'two-key'
const sideBySide = (manner: Manner): boolean => manner === 'set' || manner === 'minted'
const mints = (manner: Manner): boolean => manner === 'minted' || manner === 'two-key'

export const firstWorld = (manner: Manner, budget: Budget): World => {
  const c = slotted(manner) ? 'c0a' : 'c0x'
  return {
    published: { c, v: 0 },
    far: slotted(manner) ? { a: [c], b: [] } : { x: [c] },
    consumer: { c, v: 0 },
    rotation: undefined,
    net: [],
    workers: [undefined, undefined],
    versionsOf: [],
    begun: 0,
    off: false,
    broken: false,
    hurt: false,
    leaked: false,
    displaced: [],
    left: { offs: 0, losses: 0, leaks: 0, backs: 0, ...budget },
  }
}

const placeOf = (c: Credential): Place => c.at(-1) as Place
const isHuman = (c: Credential): boolean => c.startsWith('h')

/** Whether the far side accepts a credential now. A human's own, in a place we don't manage, always works. */
const works = ({ far }: World, c: Credential): boolean => far[placeOf(c)]?.includes(c) ?? isHuman(c)
const probeOf = (world: World, c: Credential): Probe => (works(world, c) ? 'valid' : 'invalid')

/** What the far side will make: a value that nobody has or is about to get. Values that are gone are as good as new. */
function unheardOf({ published, consumer, far, rotation, net, workers, displaced }: World, row: Rotation): Credential {
  const known = new Set([
    ...[published.c, consumer.c, rotation?.candidate, rotation?.previous, ...displaced],
    ...net.map(({ c }) => c),
    ...workers.flatMap((worker) => [worker?.c, worker?.row?.candidate]),
    ...Object.values(far).flat(),
  ])
  for (let count = 1; ; count += 1) {
    const c = `m${row.id}${count}${row.slot}`
    if (!known.has(c)) return c
  }
}

/** What a request does when it arrives. */
function arrive(manner: Manner, next: World, { op, c }: Request): void {
  if (next.broken) return
  const place = placeOf(c)
  const there = next.far[place] ?? []
  if (op === 'retire') {
    // A service with two keys regenerates whatever is there.
    next.far[place] = manner === 'two-key' ? [] : there.filter((one) => one !== c)
  } else if (!there.includes(c)) next.far[place] = sideBySide(manner) ? [...there, c].sort() : [c]
}

/** What must be true in every state; the sentence that isn't, or undefined. */
export function broken(manner: Manner, world: World): string | undefined {
  const { published, consumer, far, rotation, versionsOf } = world
  if (manner === 'single') {
    const [value] = far.x ?? []
    if (!world.hurt && value !== published.c && value !== rotation?.candidate && value !== putBack(rotation)) {
      return `I2: the far side has ${value}, which is neither published nor a candidate`
    }
  } else if (!world.hurt) {
    if (!works(world, published.c)) return `I1: ${published.c} is published and does not work`
    if (!world.leaked && !works(world, consumer.c)) return `I1: a consumer runs on ${consumer.c}, which does not work`
  }
  if (new Set(versionsOf).size < versionsOf.length) return 'I4: one rotation made two versions'
  if (sideBySide(manner) && rotation === undefined && !world.hurt) {
    const stray = far.x?.find((c) => c !== published.c && !isHuman(c) && !world.displaced.includes(c))
    if (stray !== undefined) return `I6: ${stray} is accepted, and nobody knows it`
  }
  const { goneBackFrom } = world
  if (rotation === undefined && goneBackFrom !== undefined && !world.hurt && works(world, goneBackFrom)) {
    return `I6: ${goneBackFrom} was gone back from, and is accepted still`
  }
  return undefined
}

/** What a rotation that gives way, or mends, puts back may cross with a human's change; it stays open until that is mended. */
const putBack = (rotation: Rotation | undefined): Credential | undefined =>
  rotation?.state === 'compensating' || rotation?.state === 'retiring' ? rotation.previous : undefined

/** Rest: nothing is open, under way or in hand, and what is published works, unless the far side forgot it. */
export const isRest = (world: World): boolean =>
  world.rotation === undefined &&
  world.net.length === 0 &&
  !world.off &&
  (works(world, world.published.c) || world.hurt)

const isArmed = (worker: Worker | undefined): boolean => worker?.at.startsWith('armed') === true

const copyOf = (world: World): World => ({
  published: { ...world.published },
  far: { ...world.far },
  displaced: [...world.displaced],
  goneBackFrom: world.goneBackFrom,
  consumer: { ...world.consumer },
  rotation: world.rotation && { ...world.rotation },
  net: [...world.net],
  workers: world.workers.map((worker) => worker && { ...worker }),
  versionsOf: [...world.versionsOf],
  begun: world.begun,
  off: world.off,
  broken: world.broken,
  hurt: world.hurt,
  leaked: world.leaked,
  left: { ...world.left },
})

/** A world in few letters, the same whichever of the two workers is which. */
function keyOf(world: World): string {
  const { published, far, consumer, rotation, net, workers, versionsOf, begun, left } = world
  const row = (one: Rotation | undefined) =>
    one === undefined
      ? ''
      : `${one.id}${one.state}${one.base}${one.slot}${one.candidate ?? ''}${one.previous}${one.sent}${one.prepared}${one.made ?? ''}r${one.returned ?? ''}${one.accepted ?? ''}${one.urgent ?? ''}`
  const hands = workers.map((one) =>
    one === undefined
      ? ''
      : `${one.valid}${one.at}${one.to ?? ''}${one.probe ?? ''}${one.quiet ?? ''}${one.c ?? ''}${row(one.row)}`,
  )
  const farSide = `${far.a ?? ''};${far.b ?? ''};${far.x ?? ''}`
  const requests = net.map(({ id, op, c }) => `${id}${op}${c}`).sort()
  const spent = Object.values(left).join()
  const flags = [world.off, world.broken, world.hurt, world.leaked].map(Number).join('')
  return `${published.c}${published.v}|${farSide}|${consumer.c}${consumer.v}|${row(rotation)}|${requests}|${hands.sort()}|${versionsOf}|${begun}|${flags}|${world.displaced}|${world.goneBackFrom ?? ''}|${spent}`
}

/** Everything that can happen next. A move that breaks a promise by itself names it. */
export function moves(manner: Manner, guards: Guards, world: World): Move[] {
  const found: Move[] = []
  const move = (name: string, change: (next: World) => void) => {
    const next = copyOf(world)
    change(next)
    found.push([name, next])
  }

  world.net.forEach((request, index) => {
    const name = `${request.op} ${request.c}`
    move(`${name} arrives`, (next) => {
      arrive(manner, next, request)
      next.net.splice(index, 1)
    })
    // A request to mint comes once, late, or never: the engine doesn't repeat it, and nobody else does.
    if (request.op !== 'mint') move(`${name} arrives, and will again`, (next) => arrive(manner, next, request))
    move(`${name} is lost`, (next) => void next.net.splice(index, 1))
  })

  if (world.consumer.v !== world.published.v) {
    move('the consumer switches', (next) => {
      next.consumer = { ...next.published }
    })
  }
  if (world.left.humans > 0) {
    const write = (c: Credential) => (next: World) => {
      next.left.humans -= 1
      next.displaced.push(next.published.c)
      next.goneBackFrom = undefined
      // A new version is enabled, whatever the last one was.
      next.off = false
      next.published = { c, v: next.published.v + 1 }
    }
    if (manner === 'single') {
      move('a human changes the password', (next) => {
        write('h1x')(next)
        next.far.x = ['h1x']
      })
    } else {
      move('a human publishes a value', write('h1-'))
      const { rotation } = world
      if (rotation?.state === 'grace') move('a human goes back to the old value', write(rotation.previous))
    }
  }
  if (world.off)
    move('the secret is enabled', (next) => {
      next.off = false
    })
  else if (world.left.offs > 0) {
    move('the secret is disabled', (next) => {
      next.left.offs -= 1
      next.off = true
    })
  }
  if (world.left.leaks > 0 && world.rotation !== undefined) {
    move('somebody calls a leak', (next) => {
      next.left.leaks -= 1
      next.leaked = true
      if (next.rotation === undefined) return
      next.rotation.urgent = true
      // Nobody goes back to what has leaked.
      if (next.rotation.state === 'returning') next.rotation.state = 'grace'
    })
  }
  if (world.broken)
    move('the administrator is let in again', (next) => {
      next.broken = false
    })
  else if (world.left.losses > 0) {
    move('the far side forgets everything', (next) => {
      next.left.losses -= 1
      next.broken = true
      next.hurt = true
      for (const place of Object.keys(next.far) as Place[]) next.far[place] = []
    })
  }
  if (world.rotation?.state === 'blocked') {
    const decides = (to: RotationState, accepted: boolean) => (next: World) => {
      if (next.rotation === undefined) return
      next.rotation.state = to
      if (accepted) next.rotation.accepted = true
    }
    move('an operator tries again', decides('applying', false))
    move('an operator takes it as done', decides('compensating', true))
    move('an operator gives it up', decides('compensating', false))
  }

  if (
    world.left.backs > 0 &&
    world.rotation?.state === 'grace' &&
    manner !== 'single' &&
    !world.rotation.urgent &&
    !world.off &&
    world.published.v === world.rotation.made
  ) {
    move('an operator wants to go back', (next) => {
      next.left.backs -= 1
      if (next.rotation !== undefined) next.rotation.state = 'returning'
    })
  }

  const act = (worker: Worker | undefined, index: number) => {
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
            retires: slotted(manner) ? !isHuman(rotation.previous) : sideBySide(manner),
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
          set(next, probe === 'valid' ? { at: 'arm-retire' } : { at: 'keep-retired', probe })
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
  for (const [index, worker] of world.workers.entries()) act(worker, index)
  return found
}

export type Found = {
  readonly states: number
  readonly counterexample?: readonly string[]
  readonly stuck?: readonly string[]
}

const statesMax = 400_000

/** Every state that can be reached, breadth first; the shortest way to one that breaks a promise or leads nowhere. */
export function search(manner: Manner, budget: Budget, guards: Guards): Found {
  const worlds: World[] = [firstWorld(manner, budget)]
  const numbers = new Map<string, number>([[keyOf(worlds[0] as World), 0]])
  const cameFrom: number[] = [-1]
  const cameBy: string[] = ['']
  const before: number[][] = [[]]
  const way = (end: number): string[] => {
    const steps: string[] = []
    for (let at = end; at > 0; at = cameFrom[at] as number) steps.push(cameBy[at] as string)
    return steps.reverse().filter(Boolean)
  }
  for (let at = 0; at < worlds.length; at += 1) {
    if (worlds.length > statesMax) throw new Error(`More than ${statesMax} states: give it a smaller budget`)
    const world = worlds[at] as World
    const wrong = broken(manner, world)
    if (wrong !== undefined) return { states: worlds.length, counterexample: [...way(at), wrong] }
    for (const [name, next] of moves(manner, guards, world)) {
      const key = keyOf(next)
      let number = numbers.get(key)
      if (number === undefined) {
        number = worlds.length
        numbers.set(key, number)
        worlds.push(next)
        cameFrom.push(at)
        cameBy.push(name)
        before.push([])
      }
      before[number]?.push(at)
    }
  }
  // I8: rest must be within reach of every state.
  const reaches = new Uint8Array(worlds.length)
  const queue: number[] = []
  worlds.forEach((world, number) => {
    if (!isRest(world)) return
    reaches[number] = 1
    queue.push(number)
  })
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const number of before[next] as number[]) {
      if (reaches[number] === 1) continue
      reaches[number] = 1
      queue.push(number)
    }
  }
  const stuck = reaches.indexOf(0)
  return { states: worlds.length, ...(stuck >= 0 && { stuck: way(stuck) }) }
}
