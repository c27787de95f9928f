import type { RotationState } from '@cardea/contract/cardea/rotations'
import type { Probe } from '@cardea/contract/rotation/provider'
import { afterApply, afterCheck, afterRestore, afterRetire, isOpen, mayBecome, nextStep } from '../machine.ts'

/**
 * A small world in which the state machine is driven through every order of events: two workers of which one may be
 * taken for dead at any moment and go on as a zombie, crashes, requests that arrive late, twice or never, a rotation
 * that is given up, and a human who publishes another value. The machine's own rules decide; the world only executes.
 */
export type Kind = 'slots' | 'single'
/** Each protects against something; a search without one must find what. */
export type Guards = {
  readonly fence: boolean
  readonly verify: boolean
  readonly quarantine: boolean
  readonly occupied: boolean
}
export type Budget = {
  readonly rotations: number
  readonly takeovers: number
  readonly crashes: number
  readonly humans: number
  readonly giveUps: number
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
}
type Request = { id: number; op: 'apply' | 'retire'; c: Credential }
/** What a worker remembers between its steps: the row as it was when it looked, and how far it has come since. */
type Worker = { valid: boolean; at: string; row?: Rotation; quiet?: boolean; to?: RotationState; probe?: Probe }
export type World = {
  published: Published
  far: Partial<Record<Place, Credential>>
  consumer: Published
  rotation: Rotation | undefined
  net: Request[]
  workers: (Worker | undefined)[]
  versionsOf: number[]
  begun: number
  left: { rotations: number; takeovers: number; crashes: number; humans: number; giveUps: number }
}
export type Move = readonly [name: string, next: World]

export const firstWorld = (kind: Kind, left: Budget): World => {
  const c = kind === 'slots' ? 'c0a' : 'c0x'
  return {
    published: { c, v: 0 },
    far: kind === 'slots' ? { a: c } : { x: c },
    consumer: { c, v: 0 },
    rotation: undefined,
    net: [],
    workers: [undefined, undefined],
    versionsOf: [],
    begun: 0,
    left: { ...left },
  }
}

const placeOf = (c: Credential): Place => c.at(-1) as Place
const isHuman = (c: Credential): boolean => c.startsWith('h')

/** Whether the far side accepts a credential now. A human's own, in a place we don't manage, always works. */
const works = ({ far }: World, c: Credential): boolean => (placeOf(c) in far ? far[placeOf(c)] === c : isHuman(c))
const probeOf = (world: World, c: Credential): Probe => (works(world, c) ? 'valid' : 'invalid')

/** What must be true in every state; the sentence that isn't, or undefined. */
export function broken(kind: Kind, world: World): string | undefined {
  const { published, consumer, far, rotation, versionsOf } = world
  if (kind === 'slots') {
    if (!works(world, published.c)) return `I1: ${published.c} is published and does not work`
    if (!works(world, consumer.c)) return `I1: a consumer runs on ${consumer.c}, which does not work`
  } else if (far.x !== published.c && far.x !== rotation?.candidate && far.x !== putBack(rotation)) {
    return `I2: the far side has ${far.x}, which is neither published nor a candidate`
  }
  if (new Set(versionsOf).size < versionsOf.length) return 'I4: one rotation made two versions'
  return undefined
}

/** What a rotation that gives way puts back may cross with a human's change; it stays open until that is mended. */
const putBack = (rotation: Rotation | undefined): Credential | undefined =>
  rotation?.state === 'compensating' ? rotation.previous : undefined

/** Rest: nothing is open, under way or in hand, and what is published works. */
export const isRest = (world: World): boolean =>
  world.rotation === undefined && world.net.length === 0 && works(world, world.published.c)

const isArmed = (worker: Worker | undefined): boolean => worker?.at.startsWith('armed') === true

const copyOf = (world: World): World => ({
  published: { ...world.published },
  far: { ...world.far },
  consumer: { ...world.consumer },
  rotation: world.rotation && { ...world.rotation },
  net: [...world.net],
  workers: world.workers.map((worker) => worker && { ...worker }),
  versionsOf: [...world.versionsOf],
  begun: world.begun,
  left: { ...world.left },
})

/** A world in few letters, the same whichever of the two workers is which. */
function keyOf({ published, far, consumer, rotation, net, workers, versionsOf, begun, left }: World): string {
  const row = (one: Rotation | undefined) =>
    one === undefined
      ? ''
      : `${one.id}${one.state}${one.base}${one.slot}${one.candidate ?? ''}${one.previous}${one.sent}`
  const hands = workers.map((one) =>
    one === undefined ? '' : `${one.valid}${one.at}${one.to ?? ''}${one.probe ?? ''}${one.quiet ?? ''}${row(one.row)}`,
  )
  const farSide = `${far.a ?? ''},${far.b ?? ''},${far.x ?? ''}`
  const requests = net.map(({ id, op, c }) => `${id}${op}${c}`).sort()
  const spent = Object.values(left).join()
  return `${published.c}${published.v}|${farSide}|${consumer.c}${consumer.v}|${row(rotation)}|${requests}|${hands.sort()}|${versionsOf}|${begun}|${spent}`
}

/** Everything that can happen next. A move that breaks a promise by itself names it. */
export function moves(kind: Kind, guards: Guards, world: World): Move[] {
  const found: Move[] = []
  const move = (name: string, change: (next: World) => void) => {
    const next = copyOf(world)
    change(next)
    found.push([name, next])
  }

  world.net.forEach((request, index) => {
    const arrive = (next: World) => {
      const place = placeOf(request.c)
      if (request.op === 'apply') next.far[place] = request.c
      else if (next.far[place] === request.c) next.far[place] = ''
    }
    const name = `${request.op} ${request.c}`
    move(`${name} arrives`, (next) => {
      arrive(next)
      next.net.splice(index, 1)
    })
    move(`${name} arrives, and will again`, arrive)
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
      next.published = { c, v: next.published.v + 1 }
    }
    if (kind === 'single') {
      // A change at the far side itself that crosses with our request is one that only its maker can mend.
      const crossing = world.net.length > 0 || world.workers.some(isArmed)
      if (world.rotation?.state !== 'grace' || !crossing) {
        move('a human changes the password', (next) => {
          write('h1x')(next)
          next.far.x = 'h1x'
        })
      }
    } else {
      move('a human publishes a value', write('h1-'))
      const { rotation } = world
      if (rotation?.state === 'grace') move('a human goes back to the old value', write(rotation.previous))
    }
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
    const row = worker.row as Rotation
    const candidate = row?.candidate as Credential
    const displaced = world.published.v !== row?.base
    const standing = displaced ? world.published.c : row?.previous

    switch (worker.at) {
      case 'look': {
        if (!worker.valid) return move('a zombie notices', free)
        const { rotation } = world
        if (rotation === undefined) {
          if (world.left.rotations === 0) return move('nothing to do', free)
          return move('a rotation begins', (next) => {
            next.left.rotations -= 1
            next.begun += 1
            const previous = next.published.c
            const slot = kind === 'single' ? 'x' : placeOf(previous) === 'a' ? 'b' : 'a'
            next.rotation = { id: next.begun, state: 'planned', base: next.published.v, slot, previous, sent: false }
          })
        }
        const quiet =
          !guards.quarantine ||
          (!world.net.some(({ id }) => id === rotation.id) &&
            !world.workers.some((other) => isArmed(other) && other?.row?.id === rotation.id))
        const early = ['planned', 'applying', 'verified'].includes(rotation.state)
        const superseded = rotation.candidate !== undefined && world.published.v !== rotation.base
        for (const givenUp of early && world.left.giveUps > 0 ? [false, true] : [false]) {
          const step = nextStep({
            kind,
            state: rotation.state,
            prepared: rotation.candidate !== undefined,
            sent: rotation.sent,
            withdrawn: superseded ? 'superseded' : givenUp ? 'given-up' : undefined,
            quiet,
            graceOver: world.consumer.v === world.published.v,
            retires: kind === 'slots' && !isHuman(rotation.previous),
            displaced: kind === 'slots' && superseded,
            givenUp: false,
          })
          move(givenUp ? 'looks, and gives up' : 'looks', (next) => {
            if (givenUp) next.left.giveUps -= 1
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
            open.slot = kind === 'single' ? 'x' : placeOf(open.previous) === 'a' ? 'b' : 'a'
          }
          open.candidate = `c${open.id}${open.slot}`
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
          set(next, probe === 'valid' ? { at: 'keep', probe } : { at: 'arm' })
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
        const to = guards.verify ? afterApply(worker.probe as Probe, false) : 'verified'
        return to === 'applying' ? move('waits', free) : become(to)
      }
      case 'publish':
        return turn('publishes', (next, open) => {
          if (next.published.v !== row.base) return free(next)
          next.published = { c: candidate, v: next.published.v + 1 }
          next.versionsOf.push(row.id)
          if (open === undefined) return free(next)
          open.state = 'grace'
          set(next, { at: 'look' })
        })
      case 'retire':
        return move('asks for what is published', (next) => {
          if (next.published.c === row.previous) return set(next, { at: 'move', to: 'done' })
          if (!works(next, next.published.c)) return free(next)
          set(next, { at: 'ask-old' })
        })
      case 'ask-old':
        return move('asks for the old credential', (next) => {
          const probe = probeOf(next, row.previous)
          set(next, probe === 'valid' ? { at: 'arm-retire' } : { at: 'keep-retired', probe })
        })
      case 'arm-retire':
        return turn('arms', (next) => set(next, { at: 'armed-retire' }))
      case 'armed-retire':
        return send({ id: row.id, op: 'retire', c: row.previous }, 'probe-old')
      case 'probe-old':
        return move('asks for the old credential', (next) => {
          // An answer of the far side to the very request would show that it has come to rest; this world gives none.
          const under = next.net.some(({ id }) => id === row.id) && guards.quarantine
          set(next, { at: 'keep-retired', probe: probeOf(next, row.previous), quiet: worker.quiet === true && !under })
        })
      case 'keep-retired': {
        const to = afterRetire(worker.probe as Probe, worker.quiet === true)
        return to === 'retiring' ? move('waits', free) : become(to)
      }
      case 'restore': {
        const mine = kind === 'single' || placeOf(standing) === row.slot
        const probe = mine ? probeOf(world, standing) : 'valid'
        if (probe === 'invalid') return move('', (next) => set(next, { at: 'arm-restore' }))
        const to = afterRestore(probe, worker.quiet === true)
        return to === 'compensating' ? move('waits', free) : become(to)
      }
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

/** Every state that can be reached, breadth first; the shortest way to one that breaks a promise or leads nowhere. */
export function search(kind: Kind, budget: Budget, guards: Guards): Found {
  const worlds: World[] = [firstWorld(kind, budget)]
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
    const world = worlds[at] as World
    const wrong = broken(kind, world)
    if (wrong !== undefined) return { states: worlds.length, counterexample: [...way(at), wrong] }
    for (const [name, next] of moves(kind, guards, world)) {
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
