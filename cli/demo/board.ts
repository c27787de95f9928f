import type { RotationState } from '@cardea/contract/cardea/rotations'
import { clockTime, type Paint, table, thousands, widthOf } from '../print.ts'
import type { World } from '../world.ts'
import type { Count } from './load.ts'

/** What the demo knows at a moment, for whoever shows it. */
export type Scene = {
  readonly target: string
  readonly perSecond: number
  readonly secret: string
  readonly planned: number
  current: { readonly version: string; readonly login: string }
  readonly instances: InstanceScene[]
  readonly rotations: RotationScene[]
}
export type InstanceScene = {
  readonly name: string
  version: string | undefined
  login: string | undefined
  readonly count: Count
}
export type RotationScene = {
  readonly number: number
  state: RotationState
  waitsFor: readonly string[]
  version: string | undefined
  /** From publication to use, by instance, in milliseconds. */
  readonly toUse: Map<string, number>
  oldRefused: boolean | undefined
}

/** Shows a scene as it changes, and takes a line about what has happened. */
export type Board = Disposable & { tell(line: string): void }

const redrawMs = 100

/** In a terminal a table that is redrawn in place, elsewhere a line for each event; to standard error when a program listens. */
export function openBoard(scene: Scene, world: World, paint: Paint, json: boolean): Board {
  if (json || !world.terminal.out) {
    const line = json ? world.tell : world.print
    return { tell: (said) => line(`${clockTime(world.now())}  ${said}`), [Symbol.dispose]() {} }
  }
  let height = 0
  const draw = () => {
    const lines = drawn(scene, paint)
    const up = height > 0 ? `\u001b[${height}A` : ''
    world.write(`${up}\u001b[J${lines.join('\n')}\n`)
    // The terminal breaks what is too long for it.
    height = lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / (paint.columns || Infinity))), 0)
  }
  world.write('\u001b[?25l')
  draw()
  const timer = setInterval(draw, redrawMs)
  return {
    tell() {},
    [Symbol.dispose]() {
      clearInterval(timer)
      draw()
      world.write('\u001b[?25h')
    },
  }
}

/** Enough of a version to tell it from the others. */
export const shortVersion = (version: string | undefined): string => version?.slice(0, 8) ?? '–'

/** The board as it stands, line by line. */
export function drawn(
  { target, perSecond, secret, planned, current, instances, rotations }: Scene,
  paint: Paint,
): string[] {
  const open = rotations.at(-1)
  const waiting = open?.waitsFor.length ? `, waiting for ${open.waitsFor.join(', ')}` : ''
  const standing =
    open === undefined ? 'none yet' : `${open.number} of ${planned}: ${painted(open.state, paint)}${waiting}`
  const right = (head: string) => ({ head, right: true })
  return [
    `${paint.dim('target    ')}${target}`,
    `${paint.dim('load      ')}${instances.length} instances, ${perSecond} requests a second to each`,
    `${paint.dim('vault     ')}${secret} is version ${paint.bold(shortVersion(current.version))}, login ${current.login}`,
    `${paint.dim('rotation  ')}${standing}`,
    '',
    ...table(
      paint,
      [{ head: 'INSTANCE' }, { head: 'RUNS ON' }, { head: 'LOGIN' }, right('SERVED'), right('FAILED')],
      instances.map(({ name, version, login, count }) => [
        paint.name(name),
        version === current.version ? paint.good(shortVersion(version)) : shortVersion(version),
        login ?? '–',
        thousands(count.served),
        count.failed === 0 ? '0' : paint.bad(thousands(count.failed)),
      ]),
    ),
    '',
    ...table(
      paint,
      [
        right('ROTATION'),
        { head: 'VERSION' },
        { head: 'STATE' },
        { head: 'IN USE EVERYWHERE' },
        { head: 'OLD CREDENTIAL' },
      ],
      Array.from({ length: planned }, (_, at) => rotationRow(rotations[at], at + 1, instances.length, paint)),
    ),
  ]
}

function rotationRow(rotation: RotationScene | undefined, number: number, instances: number, paint: Paint): string[] {
  if (rotation === undefined) return [paint.dim(String(number)), paint.dim('–'), '', '', '']
  const { version, state, toUse, oldRefused } = rotation
  const use =
    toUse.size === instances
      ? `after ${Math.max(...toUse.values())} ms`
      : toUse.size > 0
        ? `on ${toUse.size} of ${instances}`
        : ''
  const old = oldRefused === undefined ? '' : oldRefused ? paint.good('refused') : paint.bad('still accepted')
  return [String(number), shortVersion(version), painted(state, paint), use, old]
}

const painted = (state: RotationState, paint: Paint): string =>
  state === 'done'
    ? paint.good(state)
    : state === 'blocked' || state === 'aborted'
      ? paint.bad(state)
      : paint.warn(state)
