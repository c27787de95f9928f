import type { RotationState } from '@cardea/contract/cardea/rotations'
import type { Kind, Probe } from '@cardea/contract/rotation/provider'

/**
 * A small world in which the state machine is driven through every order of events: two workers of which one may be
 * taken for dead at any moment and go on as a zombie, crashes, requests that arrive late, twice or never, a rotation
 * that is given up, a human who publishes another value, a secret that is disabled, a leak, and a far side that forgets
 * all that it accepted until an operator helps. The machine's own rules decide; the world only executes.
 */
/** The kinds of the treaty, and two slots whose values the far side makes: a service with two keys. */
export type Manner = Kind | 'two-key'
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
export type Credential = string
export type Place = 'a' | 'b' | 'x'
type Published = { c: Credential; v: number }
export type Rotation = {
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
export type Request = { id: number; op: 'apply' | 'retire' | 'mint'; c: Credential }
/** What a worker remembers between its steps: the row as it was when it looked, and how far it has come since. */
export type Worker = {
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

export const slotted = (manner: Manner): boolean => manner === 'slots' || manner === 'two-key'
export const sideBySide = (manner: Manner): boolean => manner === 'set' || manner === 'minted'
export const mints = (manner: Manner): boolean => manner === 'minted' || manner === 'two-key'

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

export const placeOf = (c: Credential): Place => c.at(-1) as Place
export const isHuman = (c: Credential): boolean => c.startsWith('h')

/** Whether the far side accepts a credential now. A human's own, in a place we don't manage, always works. */
export const works = ({ far }: World, c: Credential): boolean => far[placeOf(c)]?.includes(c) ?? isHuman(c)
export const probeOf = (world: World, c: Credential): Probe => (works(world, c) ? 'valid' : 'invalid')

/** What the far side will make: a value that nobody has or is about to get. Values that are gone are as good as new. */
export function unheardOf(
  { published, consumer, far, rotation, net, workers, displaced }: World,
  row: Rotation,
): Credential {
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
export function arrive(manner: Manner, next: World, { op, c }: Request): void {
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

export const copyOf = (world: World): World => ({
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
export function keyOf(world: World): string {
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

/** Something that may happen next, and what it changes. */
export type Move = (name: string, change: (next: World) => void) => void
