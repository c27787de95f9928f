import type { RotationView } from '@cardea/contract/cardea/rotations'
import { type ExitCode, Refusal } from '../command.ts'
import { type Paint, paintFor, thousands } from '../print.ts'
import { following, rotating } from '../rotation-view.ts'
import type { World } from '../world.ts'
import { type Board, type InstanceScene, openBoard, type RotationScene, type Scene, shortVersion } from './board.ts'
import { startApp } from './children.ts'
import { Load, type Used } from './load.ts'
import { type Stage, setStage } from './stage.ts'

export type Play = {
  readonly rotations: number
  readonly instances: number
  readonly perSecond: number
  readonly builtIn: boolean
  readonly data: string | undefined
  readonly json: boolean
}

const pollMs = 50
const restMs = 1_000
const rotationMsMax = 120_000
const useMsMax = 30_000

/** The whole play: stage, instances, load, rotations, figures. Whatever happens, nothing that it started stays. */
export async function perform(play: Play, world: World, stop: AbortSignal): Promise<ExitCode> {
  const paint = paintFor(play.json ? { colours: false } : world.terminal)
  const live = world.terminal.out && !play.json
  if (!play.json) world.print(`${paint.bold('A credential rotates while the application works.')}\n`)
  if (live) world.print(paint.dim('Starting Cardea, the target and the application …'))
  await using opened = new AsyncDisposableStack()
  const stage = opened.use(await setStage(play, stop))
  stop.throwIfAborted()
  // Being bound without a version it rotates at once: nobody has ever typed the credential that the application begins with.
  await watched(following(stage.vault, stage.secret, (ms) => world.wait(ms, stop), stage.bound))
  const scene: Scene = {
    target: stage.target.says,
    perSecond: play.perSecond,
    secret: stage.secret,
    planned: play.rotations,
    current: await currentOf(stage),
    instances: [],
    rotations: [],
  }
  const uses = new Uses()
  const names = Array.from({ length: play.instances }, (_, at) => `orders-${at + 1}`)
  const apps = await Promise.all(
    names.map(async (name) => {
      const app = await startApp<{ port: number }>({
        name,
        file: new URL('./app.ts', import.meta.url),
        env: { PATH: process.env.PATH, ...stage.env, ORDERS_INSTANCE: name },
      })
      return opened.use(app)
    }),
  )
  stop.throwIfAborted()
  const loads = apps.map(({ told }, at) => {
    const instance = newInstance(names[at] as string)
    scene.instances.push(instance)
    const load = new Load(told.port, play.perSecond, instance.count, (used) => {
      Object.assign(instance, used)
      uses.note(instance.name, used)
    })
    return opened.use(load)
  })
  if (live) world.write('\u001b[1A\u001b[K')
  const began = performance.now()
  {
    using board = openBoard(scene, world, paint, play.json)
    board.tell(`${scene.target}; ${play.instances} instances, ${play.perSecond} requests a second to each`)
    const published = new Map<string, number>()
    const unfollow = stage.follow(({ version = '', at }) => published.set(version, at ?? world.now()))
    opened.defer(unfollow)
    await world.wait(restMs, stop)
    for (let number = 1; number <= play.rotations; number += 1) {
      await oneRotation(number, { stage, scene, uses, published, board, world, stop })
      await world.wait(restMs, stop)
    }
    await Promise.all(loads.map((load) => load[Symbol.asyncDispose]()))
  }
  const figures = figuresOf(scene, stage.target.kind, (performance.now() - began) / 1000)
  const say = play.json ? world.tell : world.print
  await opened.disposeAsync()
  for (const line of summary(figures, scene, paint)) say(line)
  if (play.json) world.print(JSON.stringify(figures))
  return isFlawless(figures, play) ? 0 : 1
}

const newInstance = (name: string): InstanceScene => ({
  name,
  version: undefined,
  login: undefined,
  count: { served: 0, failed: 0, errors: new Map() },
})

/** When each instance first answered with each credential. */
class Uses {
  readonly #first = new Map<string, Map<string, number>>()

  note(instance: string, { version, login, at }: Used): void {
    const key = `${version} ${login}`
    const ofVersion = this.#first.get(key) ?? new Map<string, number>()
    this.#first.set(key, ofVersion)
    if (!ofVersion.has(instance)) ofVersion.set(instance, at)
  }

  /** The version says what the application believes; the login, what the target saw. Both must be the new one. */
  of(version: string, login: string): ReadonlyMap<string, number> {
    return this.#first.get(`${version} ${login}`) ?? new Map()
  }
}

async function currentOf(stage: Stage) {
  const { value, version } = await stage.read()
  return { version, value, login: stage.target.loginOf(value) }
}

type Around = {
  readonly stage: Stage
  readonly scene: Scene
  readonly uses: Uses
  readonly published: ReadonlyMap<string, number>
  readonly board: Board
  readonly world: World
  readonly stop: AbortSignal
}

/** One rotation, until every instance works with the new credential and the old one has been tried in vain. */
async function oneRotation(
  number: number,
  { stage, scene, uses, published, board, world, stop }: Around,
): Promise<void> {
  const old = await currentOf(stage)
  const rotation: RotationScene = {
    number,
    state: 'planned',
    waitsFor: [],
    version: undefined,
    toUse: new Map(),
    oldRefused: undefined,
  }
  scene.rotations.push(rotation)
  const look = () => {
    const { version, login } = scene.current
    const at = published.get(version)
    if (version === old.version || at === undefined) return
    for (const [instance, first] of uses.of(version, login)) {
      if (rotation.toUse.has(instance)) continue
      rotation.toUse.set(instance, Math.max(0, first - at))
      board.tell(
        `rotation ${number}: ${instance} works with ${shortVersion(version)} after ${rotation.toUse.get(instance)} ms`,
      )
    }
  }
  const tell = (view: RotationView) => {
    if (view.rotation === null || view.rotation.state === rotation.state) return
    board.tell(`rotation ${number}: ${view.rotation.state}`)
  }
  await watched(
    rotating(stage.vault, stage.secret, (ms) => world.wait(ms, stop)),
    async (view) => {
      tell(view)
      if (view.rotation === null) return
      const { state, version } = view.rotation
      rotation.state = state
      rotation.waitsFor =
        state === 'grace'
          ? view.consumers.filter((each) => each.version !== version).map(({ instance }) => instance)
          : []
      if (version !== null && scene.current.version !== version) {
        scene.current = await currentOf(stage)
        rotation.version = version
      }
      look()
    },
  )
  const now = await currentOf(stage)
  const until = performance.now() + useMsMax
  while (rotation.toUse.size < scene.instances.length && performance.now() < until) {
    await world.wait(pollMs, stop)
    look()
  }
  // What was sent with the old one just before is still under way.
  await world.wait(pollMs, stop)
  stage.target.over(now.value)
  // Both are tried: that the old one is refused would mean little if the new one were, too.
  rotation.oldRefused = (await stage.target.accepts(now.value)) && !(await stage.target.accepts(old.value))
  board.tell(`rotation ${number}: the old credential is ${rotation.oldRefused ? 'refused' : 'STILL ACCEPTED'}`)
}

/** Looks at a rotation until it is done. Throws if it ends otherwise, or takes too long. */
async function watched(
  views: AsyncIterable<RotationView>,
  seen: (view: RotationView) => Promise<void> = async () => {},
): Promise<void> {
  const until = performance.now() + rotationMsMax
  for await (const view of views) {
    await seen(view)
    const { state, lastError } = view.rotation ?? {}
    if (state === 'blocked' || state === 'aborted' || performance.now() > until) {
      throw new Refusal('not-rotated', `The rotation stands at "${state}": ${lastError ?? 'no reason was given'}`)
    }
  }
}

export type Figures = {
  readonly served: number
  readonly failed: number
  readonly rotations: number
  readonly p50ToUseMs: number | null
  readonly p99ToUseMs: number | null
  readonly oldRefused: number
  readonly target: string
  readonly instances: number
  readonly samples: number
  readonly seconds: number
}

/** What is left of a play when it is over: counts, and how long the switches took. */
export function figuresOf({ instances, rotations }: Scene, target: string, seconds: number): Figures {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  const toUse = rotations.flatMap((rotation) => [...rotation.toUse.values()]).sort((a, b) => a - b)
  const share = (part: number) => toUse[Math.max(0, Math.ceil(toUse.length * part) - 1)] ?? null
  return {
    served: sum(instances.map(({ count }) => count.served)),
    failed: sum(instances.map(({ count }) => count.failed)),
    rotations: rotations.filter(({ state }) => state === 'done').length,
    p50ToUseMs: share(0.5),
    p99ToUseMs: share(0.99),
    oldRefused: rotations.filter(({ oldRefused }) => oldRefused).length,
    target,
    instances: instances.length,
    samples: toUse.length,
    seconds: Math.round(seconds * 10) / 10,
  }
}

/** Nothing failed, everything rotated, every instance followed each time, and no old credential opens anything. */
export const isFlawless = (figures: Figures, play: Pick<Play, 'rotations' | 'instances'>): boolean =>
  figures.failed === 0 &&
  figures.served > 0 &&
  figures.rotations === play.rotations &&
  figures.oldRefused === play.rotations &&
  figures.samples === play.rotations * play.instances

function summary(figures: Figures, { instances }: Scene, paint: Paint): string[] {
  const { served, failed, rotations, oldRefused, p50ToUseMs, p99ToUseMs, samples, seconds, target } = figures
  const good = (fine: boolean, text: string) => (fine ? paint.good(text) : paint.bad(text))
  const judge = target === 'postgresql' ? 'the database' : 'the target'
  const reasons = instances.flatMap(({ name, count }) =>
    [...count.errors].map(([why, times]) => `  ${name}: ${times} × ${why}`),
  )
  return [
    '',
    `${rotations} ${rotations === 1 ? 'rotation' : 'rotations'} in ${seconds} s under load: ${thousands(served)} requests served, ${good(failed === 0, `${failed} failed`)}.`,
    ...reasons,
    `The old credential is refused by ${judge}: ${good(oldRefused === rotations, `${oldRefused} of ${rotations} times`)}.`,
    `From publication to the first answer with the new one: p50 ${p50ToUseMs ?? '–'} ms, p99 ${p99ToUseMs ?? '–'} ms (${samples} switches).`,
    paint.dim('Everything that was started for this is gone again.'),
  ]
}
