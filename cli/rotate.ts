import type { RotationView } from '@cardea/contract/cardea/rotations'
import { command, data, type ExitCode, Refusal, vault } from './command.ts'
import { clockTime, type Paint, paintFor, shown, when } from './print.ts'
import { meanings, rotatePath, rotating, short } from './rotation-view.ts'
import { withVault } from './service.ts'
import type { World } from './world.ts'

type Rotation = NonNullable<RotationView['rotation']>

export default command({
  name: 'rotate',
  says: 'Rotates a secret now, and follows until only the new credential is accepted.',
  more: [
    'Ctrl-C only stops following; the rotation goes on. "cardea rotation show" tells where it stands. Where no program',
    'says what it runs on, only time can tell when the old credential may go; then following ends with the publication.',
  ].join('\n'),
  takes: { name: { says: 'the secret, bound with "rotation bind"' } },
  options: {
    'no-wait': { type: 'boolean', says: 'begin, and don’t follow' },
    vault,
    data,
    json: { type: 'boolean', says: 'one JSON document: the rotation as it ended, or began' },
  },
  examples: ['cardea rotate orders-db'],
  async run({ name, json, 'no-wait': noWait, ...where }, world) {
    return withVault(world, where, async (vault) => {
      if (noWait) {
        const { body } = await vault.ask('POST', rotatePath(name))
        world.print(
          json ? JSON.stringify(body) : `The rotation of ${name} has begun. See: cardea rotation show ${name}`,
        )
        return 0
      }
      const tell = json ? () => {} : teller(world)
      let last: RotationView | undefined
      for await (const view of rotating(vault, name, (ms) => world.wait(ms))) {
        tell(view)
        last = view
        if (onlyTimeTells(view, world.now())) break
      }
      if (json) world.print(JSON.stringify(last))
      return ended(last, name)
    })
  },
})

const patienceSeconds = 120

/** Nobody reports what it runs on, and the deadline is far: there is nothing to watch. */
const onlyTimeTells = ({ rotation, consumers }: RotationView, now: number): boolean =>
  rotation?.state === 'grace' &&
  consumers.length === 0 &&
  rotation.graceUntil !== null &&
  rotation.graceUntil - now / 1000 > patienceSeconds

/** Prints a line for each state, and one for each change of who is still awaited. */
function teller({ print, terminal, now }: World): (view: RotationView) => void {
  const paint = paintFor(terminal.colours)
  let before = ''
  return (view) => {
    if (view.rotation === null) return
    const line = lineOf(view, view.rotation, paint, now())
    if (line !== before) print(`${paint.dim(clockTime(now()))}  ${line}`)
    before = line
  }
}

function lineOf(
  view: RotationView,
  { state, version, graceUntil, lastError }: Rotation,
  paint: Paint,
  now: number,
): string {
  const { consumers } = view
  const painted = state === 'done' ? paint.good : state === 'blocked' || state === 'aborted' ? paint.bad : paint.bold
  const late = state === 'grace' ? consumers.filter((consumer) => consumer.version !== version) : []
  const notes = [
    ...(state === 'grace' ? [`version ${short(version)}`] : []),
    ...(late.length > 0 ? [`waiting for ${late.map(({ instance }) => shown(instance)).join(', ')}`] : []),
    ...(lastError === null || state === 'done' ? [] : [shown(lastError)]),
  ]
  if (onlyTimeTells(view, now)) {
    const until = when(graceUntil ?? 0, now)
    return `${painted(state.padEnd(12))}  published as ${short(version)}; no program says what it runs on, so the old one goes ${until}`
  }
  const note = notes.length > 0 ? `  (${notes.join('; ')})` : ''
  return `${painted(state.padEnd(12))}  ${meanings[state]}${note}`
}

function ended(view: RotationView | undefined, name: string): ExitCode {
  const rotation = view?.rotation
  if (rotation?.state === 'blocked') {
    throw new Refusal(
      'blocked',
      `The rotation of ${name} is blocked: ${shown(rotation.lastError ?? 'no reason was given')}`,
      `Mend what it names, often the administrator’s secret or the way to the target. Then: cardea rotate ${name}`,
    )
  }
  if (rotation?.state === 'aborted') {
    throw new Refusal(
      'aborted',
      `The rotation of ${name} was given up: ${shown(rotation.lastError ?? 'the secret was changed meanwhile')}`,
      `What was published before still holds. Try again with: cardea rotate ${name}`,
    )
  }
  return 0
}
