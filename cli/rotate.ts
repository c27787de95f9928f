import type { RotationView } from '@cardea/contract/cardea/rotations'
import { command, data, type ExitCode, Misuse, Refusal, secret, vault } from './command.ts'
import { rotatePath } from './paths.ts'
import { clockTime, type Paint, paintFor, shown, when } from './print.ts'
import { rehearsed } from './rehearsal.ts'
import { final, meanings, rotating, short } from './rotation-view.ts'
import { withVault } from './service.ts'
import type { World } from './world.ts'

type Rotation = NonNullable<RotationView['rotation']>

export default command({
  name: 'rotate',
  says: 'Rotates a secret now, and follows until only the new credential is accepted.',
  more: [
    'Ctrl-C only stops following; the rotation goes on. "cardea rotation show" tells where it stands. Where no program',
    'says what it runs on, only time can tell when the old credential may go; then following ends with the publication.',
    'It also ends, in vain, when five attempts have failed or nothing has moved for a minute before the publication.',
  ].join('\n'),
  takes: { name: { ...secret, says: 'the secret, bound with "rotation bind"' } },
  options: {
    emergency: { type: 'boolean', says: 'the value has leaked: wait for nobody, and end what the old one has opened' },
    back: { type: 'boolean', says: 'go back to the value before, while its credential still lives' },
    rehearse: { type: 'boolean', says: 'only try it, with a throw-away twin at the target, and say what is missing' },
    'no-wait': { type: 'boolean', says: 'begin, and don’t follow' },
    vault,
    data,
    json: { type: 'boolean', says: 'one JSON document: the rotation as it ended, or began' },
  },
  examples: ['cardea rotate orders-db', 'cardea rotate orders-db --back'],
  async run({ name, json, emergency = false, rehearse = false, back = false, 'no-wait': noWait, ...where }, world) {
    if (emergency && back) throw new Misuse('Nobody goes back to what has leaked: give --emergency or --back.')
    const manner = emergency ? 'emergency' : back ? 'back' : undefined
    if (rehearse && (manner !== undefined || noWait))
      throw new Misuse('--rehearse goes with none of --emergency, --back and --no-wait.')
    return withVault(world, where, async (vault) => {
      if (rehearse) return rehearsed(vault, name, json, world)
      if (noWait) {
        const { body } = await vault.ask('POST', rotatePath(name, manner))
        world.print(
          json ? JSON.stringify(body) : `The rotation of ${name} has begun. See: cardea rotation show ${name}`,
        )
        return 0
      }
      const tell = json ? () => {} : teller(world)
      const stuck = watcher(world)
      const stop = world.stopping()
      let last: RotationView | undefined
      let why: string | undefined
      try {
        for await (const view of rotating(vault, name, (ms) => world.wait(ms, stop), manner)) {
          tell(view)
          last = view
          why = stuck(view)
          if (why !== undefined || onlyTimeTells(view, world.now())) break
          // Also where each look takes long.
          stop.throwIfAborted()
        }
      } catch (error) {
        if (!stop.aborted) throw error
        throw new Refusal(
          'stopped',
          `Stopped following. The rotation of ${name} goes on.`,
          `See: cardea rotation show ${name}`,
        )
      }
      if (json) world.print(JSON.stringify(last))
      if (why !== undefined) throw stillGoing(name, why)
      return ended(last, name)
    })
  },
})

const patienceSeconds = 120
const attemptsMax = 5
const stillSecondsMax = 60

/**
 * Says why there is no use in watching any longer, if there is none: before the publication, a rotation tries again for
 * two days, and nobody wants to look on for so long.
 */
function watcher({ now }: World): (view: RotationView) => string | undefined {
  let [stage, since, attemptBefore] = ['', 0, 0]
  return ({ rotation }) => {
    if (rotation === null || rotation.published !== null || final.includes(rotation.state)) return undefined
    const at = `${rotation.id} ${rotation.state}`
    if (at !== stage) [stage, since, attemptBefore] = [at, now(), rotation.attempt]
    const { attempt, lastError } = rotation
    const still = now() - since >= stillSecondsMax * 1000
    // One that is joined may have failed often before; what has been mended since deserves its attempts.
    if (attempt - attemptBefore >= attemptsMax && lastError !== null) {
      return `has failed ${attemptsMax} times here: ${shown(lastError)}`
    }
    if (!still) return undefined
    const where = `has been ${rotation.state} for ${stillSecondsMax} seconds`
    return lastError === null
      ? `${where} (${meanings[rotation.state]}), and no reason is known`
      : `${where}: ${shown(lastError)}`
  }
}

const stillGoing = (name: string, why: string): Refusal =>
  new Refusal(
    'stuck',
    `The rotation of ${name} ${why}`,
    `The rotation goes on by itself; see: cardea rotation show ${name}; to give up: cardea rotation unbind ${name}`,
  )

/** Nobody reports what it runs on, and the deadline is far: there is nothing to watch. */
const onlyTimeTells = ({ rotation, consumers }: RotationView, now: number): boolean =>
  rotation?.state === 'grace' &&
  consumers.length === 0 &&
  rotation.graceUntil !== null &&
  rotation.graceUntil - now / 1000 > patienceSeconds

/** Prints a line for each state, one for each attempt that failed, and one for each change of who is still awaited. */
function teller({ print, terminal, now }: World): (view: RotationView) => void {
  const paint = paintFor(terminal)
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
  { state, version, graceUntil, attempt, lastError }: Rotation,
  paint: Paint,
  now: number,
): string {
  const { consumers } = view
  const painted = state === 'done' ? paint.good : state === 'blocked' || state === 'aborted' ? paint.bad : paint.bold
  const late = state === 'grace' ? consumers.filter((consumer) => consumer.version !== version) : []
  const notes = [
    ...(state === 'grace' ? [`version ${short(version)}`] : []),
    ...(late.length > 0 ? [`waiting for ${late.map(({ instance }) => shown(instance)).join(', ')}`] : []),
    ...(lastError === null || state === 'done' ? [] : [attempted(attempt, shown(lastError))]),
  ]
  if (onlyTimeTells(view, now)) {
    const until = when(graceUntil ?? 0, now)
    return `${painted(state.padEnd(12))}  published as ${short(version)}; no program says what it runs on, so the old one goes ${until}`
  }
  const note = notes.length > 0 ? `  (${notes.join('; ')})` : ''
  return `${painted(state.padEnd(12))}  ${meanings[state]}${note}`
}

const attempted = (attempt: number, why: string): string => (attempt > 0 ? `attempt ${attempt} failed: ${why}` : why)

function ended(view: RotationView | undefined, name: string): ExitCode {
  const rotation = view?.rotation
  if (rotation?.state === 'blocked') {
    throw new Refusal(
      'blocked',
      `The rotation of ${name} is blocked: ${shown(rotation.lastError ?? 'no reason was given')}`,
      `Mend what it names, often the administrator’s secret or the way to the target. Then: cardea rotation settle ${name} retry`,
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
