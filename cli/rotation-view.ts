import type { Consumer } from '@cardea/contract/cardea/consumers'
import type { RotationState, RotationView } from '@cardea/contract/cardea/rotations'
import { pace } from './pace.ts'
import { type Manner, rotatePath, rotationPath } from './paths.ts'
import { type Paint, shown, spanOf, table, when } from './print.ts'
import { scheduleLines } from './rotation-schedule.ts'
import type { Service } from './service.ts'

/** How a secret is bound, and where its rotation stands. */
export const rotationOf = async (vault: Service, name: string): Promise<RotationView> =>
  (await vault.ask<RotationView>('GET', rotationPath(name))).body

type Wait = (ms: number) => Promise<void>
/** A rotation in one of these moves no more. */
export const final: readonly (RotationState | undefined)[] = ['done', 'blocked', 'aborted']

/** Rotates a secret, and gives each look at its rotation until that has ended. */
export async function* rotating(
  vault: Service,
  name: string,
  wait: Wait,
  manner?: Manner,
): AsyncGenerator<RotationView> {
  const before = (await rotationOf(vault, name)).rotation
  const begun = (await vault.ask<RotationView>('POST', rotatePath(name, manner))).body
  // One that is open already is joined; one that has ended is history.
  yield* following(vault, name, wait, begun, final.includes(before?.state) ? before?.id : undefined)
}

/** Gives each look at the rotation of a secret until it has ended; not that of the one which has ended before. */
export async function* following(
  vault: Service,
  name: string,
  wait: Wait,
  begun: RotationView,
  before?: string,
): AsyncGenerator<RotationView> {
  const next = pace()
  for (let view = begun; ; view = await rotationOf(vault, name)) {
    const { rotation } = view
    if (rotation !== null && rotation.id !== before) {
      yield view
      if (final.includes(rotation.state)) return
    }
    await wait(next([rotation, view.consumers.map(({ instance, version }) => [instance, version])]))
  }
}

/** Enough of a version to tell it from the others. */
export const short = (version: string | null | undefined): string => version?.slice(0, 8) ?? '–'

/** What a state means to somebody who watches. */
export const meanings: Record<RotationState, string> = {
  planned: 'a new credential has been thought of and is kept sealed',
  applying: 'the target is told of it',
  verified: 'the target accepts it',
  grace: 'published; the old one lives until every consumer has switched',
  returning: 'going back: the one before is asked for, and published again',
  retiring: 'the old one is taken away',
  compensating: 'something else came first; the new one is taken back',
  blocked: 'it needs a hand',
  done: 'only the new one is accepted',
  aborted: 'given up; the published one is as it was',
}

function consumerRows(consumers: readonly Consumer[], current: string | null, paint: Paint, now: number): string[] {
  const rows = [...consumers]
    .sort((a, b) => a.instance.localeCompare(b.instance, 'en', { numeric: true }))
    .map(({ instance, application, version, seen }) => [
      paint.name(shown(instance)),
      shown(application),
      current === null || version === current ? short(version) : paint.warn(`${short(version)} (old)`),
      when(seen, now),
    ])
  return table(
    paint,
    ['INSTANCE', 'APPLICATION', 'RUNS ON', 'SEEN'].map((head) => ({ head })),
    rows,
  )
}

type Rhythm = Pick<RotationView, 'intervalSeconds' | 'schedule'>

/** What begins the rotations of a secret. */
export function rhythmText({ intervalSeconds, schedule }: Rhythm): string {
  if (schedule !== null && schedule.cron !== null) return `at ${schedule.cron} ${schedule.timeZone}`
  if (schedule !== null && schedule.beforeExpirySeconds !== null) {
    return `${spanOf(schedule.beforeExpirySeconds)} before expiry`
  }
  return intervalSeconds === null ? 'only on demand' : `every ${spanOf(intervalSeconds)}`
}

/** How often a secret rotates, as the end of a sentence. */
export const often = (rhythm: Rhythm): string => `rotates ${shown(rhythmText(rhythm))}`

/** What happens to the old credential. */
export const graceText = (seconds: number): string =>
  seconds === 0 ? 'none: consumers that lag aren’t waited for' : `at most ${spanOf(seconds)} for consumers that lag`
export const scrubText = (scrub: boolean): string =>
  scrub ? 'stops working at the end' : 'stays valid until its place is needed'

/** When it rotates next; a binding without an interval has a first time, if the secret had no value. */
function nextText({ due, rotation, ...rhythm }: RotationView, now: number): string | undefined {
  if (due === null) return undefined
  if (due * 1000 > now) return when(due, now)
  return rotation === null && rhythmText(rhythm) === 'only on demand'
    ? 'now: the first credential is being made'
    : 'now'
}

/** A binding and its rotation, for people. */
export function describe(view: RotationView, paint: Paint, now: number): string[] {
  const { rotation, consumers } = view
  const next = nextText(view, now)
  const state = (text: RotationState) =>
    text === 'done' ? paint.good(text) : text === 'blocked' || text === 'aborted' ? paint.bad(text) : paint.warn(text)
  const lines = [
    `${paint.bold(view.secret)} rotates with ${view.provider}`,
    '',
    `  rhythm     ${shown(rhythmText(view))}`,
    ...scheduleLines(view.schedule).map(([head, text]) => `  ${head.padEnd(10)} ${shown(text)}`),
    ...(next === undefined ? [] : [`  next       ${next}`]),
    `  grace      ${graceText(view.graceSeconds)}`,
    `  old one    ${scrubText(view.scrub)}`,
  ]
  if (rotation === null) lines.push('', 'It has never been rotated.')
  else {
    lines.push(
      '',
      `Rotation ${rotation.id}: ${state(rotation.state)}, ${meanings[rotation.state]}`,
      '',
      `  began      ${when(rotation.started, now)}, ${rotation.reason}`,
      ...(rotation.version === null ? [] : [`  version    ${rotation.version}`]),
      ...(rotation.published === null ? [] : [`  published  ${when(rotation.published, now)}`]),
      ...(rotation.state === 'grace' && rotation.graceUntil !== null
        ? [`  deadline   ${when(rotation.graceUntil, now)}`]
        : []),
      ...(rotation.lastError === null ? [] : [`  last said  ${paint.bad(shown(rotation.lastError))}`]),
    )
  }
  lines.push(
    '',
    ...(consumers.length === 0
      ? ['No program says that it runs on it.']
      : consumerRows(consumers, rotation?.version ?? null, paint, now)),
  )
  return lines
}
