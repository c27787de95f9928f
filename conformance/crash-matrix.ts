import { setTimeout as wait } from 'node:timers/promises'
import type { Moment } from './programs/crash.ts'
import { RotatingServer } from './rotating-server.ts'
import type { Stand, Target } from './targets/target.ts'
import { openingOf, targets } from './targets/targets.ts'
import { type Published, whatBecame } from './what-became.ts'

/**
 * The crash matrix (promise P4): for every provider and every step of its rotation, the real server process is killed
 * right before and right after the step, and begun again. Then the rotation must end well: what is published is accepted
 * by the real target, the credential before is refused, no other lives there, and one rotation has made one version.
 */
export type Column = {
  readonly provider: string
  readonly program: string
  /** In the order of the steps. */
  readonly deaths: readonly Death[]
}
export type Death = Moment & {
  readonly state: string
  /** From the death until the rotation was seen at its end. */
  readonly recoveredMs: number
  /** What wasn't as promised, in words. */
  readonly wrong: readonly string[]
}

export type Wanted = {
  readonly providers?: readonly string[]
  /** `after` leaves out what comes right before a step: it is what comes right after the one before it. */
  readonly moments?: 'all' | 'after'
  readonly say?: (line: string) => void
}

/** So many rotations die at once, at most: a busy machine shall have them all at their moment soon. */
const deathsAtOnce = 12
/** Of one provider at least, where all die together; and at most: a handshake costs a busy machine something. */
const [besideMin, besideMax] = [2, 4]
/** A rotation that doesn't come to its moment within this time is tried again. */
const arrivesMsMax = 10_000
const attemptsMax = 2
const waysMax = 6

/** One provider with its secrets, which die at one moment after the other. */
type Row = {
  readonly provider: string
  readonly target: Target
  readonly victims: readonly Victim[]
  readonly steps: Moment[]
  readonly queue: (Moment & { readonly attempts: number })[]
  readonly deaths: Death[]
}
type Victim = { readonly secret: string; readonly stand: Stand }
type Doomed = Victim & { readonly row: Row; readonly moment: Row['queue'][number] }

export async function crashMatrix({
  providers = Object.keys(targets),
  moments = 'all',
  say = () => {},
}: Wanted = {}): Promise<readonly Column[]> {
  await using opened = new AsyncDisposableStack()
  say(`opening ${providers.length === 1 ? 'a target' : `${providers.length} targets`}`)
  const beside = Math.min(besideMax, Math.max(besideMin, Math.floor(deathsAtOnce / providers.length)))
  const [server, ...opening] = await Promise.all([
    RotatingServer.open().then((begun) => opened.use(begun)),
    ...providers.map(async (provider) => ({ provider, target: opened.use(await openingOf(provider).open()) })),
  ])
  const rows = await Promise.all(opening.map((one) => bound(server, one, beside)))
  await learnSteps(server, rows)
  for (const { steps, queue } of rows) {
    const wanted = slowestFirst(steps).filter(({ when }) => moments === 'all' || when === 'after')
    queue.push(...wanted.map((moment) => ({ ...moment, attempts: 0 })))
  }

  for (let kills = 1; rows.some(({ queue }) => queue.length > 0); kills += 1) {
    await die(server, doomed(rows), say)
    const [died, left] = [rows.flatMap(({ deaths }) => deaths), rows.flatMap(({ queue }) => queue)]
    const wrong = died.filter((death) => death.wrong.length > 0).length
    say(`${kills} kills: ${died.length} rotations died and ended, ${left.length} to go, ${wrong} wrong`)
  }
  return rows.map(({ provider, target, steps, deaths }) => {
    const order = steps.map(nameOf)
    const place = (death: Death) => order.indexOf(nameOf(death))
    return { provider, program: target.program, deaths: deaths.sort((a, b) => place(a) - place(b)) }
  })
}

type Opened = Pick<Row, 'provider' | 'target'>

async function bound(server: RotatingServer, { provider, target }: Opened, beside: number): Promise<Row> {
  const victims = Array.from({ length: beside }, async (_, index): Promise<Victim> => {
    const secret = `${provider}-${index + 1}`
    const stand = await target.stand(secret)
    await server.bind(secret, provider, stand)
    return { secret, stand }
  })
  return { provider, target, victims: await Promise.all(victims), steps: [], queue: [], deaths: [] }
}

/**
 * All moments of a rotation that nothing disturbs. On a machine that is busy a target may answer late and a rotation
 * take another way once: so it is looked at until it went the same way twice.
 */
async function learnSteps(server: RotatingServer, rows: readonly Row[]): Promise<void> {
  const heard = new Map<string, Moment[]>()
  server.onMoment = ({ secret, step, when, nth }) => void heard.get(secret)?.push({ step, when, nth })
  await server.arm({})
  await Promise.all(
    rows.map(async ({ victims, steps }) => {
      const { secret } = victims[0] as Victim
      let last: string | undefined
      for (let attempt = 1; ; attempt += 1) {
        const moments: Moment[] = []
        heard.set(secret, moments)
        await server.rotate(secret)
        const { state, lastError } = await server.ends(secret)
        if (state !== 'done') throw new Error(`${secret} ended as ${state}, though nothing disturbed it: ${lastError}`)
        while (!moments.some(({ step, when }) => step === 'done' && when === 'after')) await wait(10)
        const way = moments.map(({ step, when }) => `${when} ${step}`).join()
        if (way !== last && attempt < waysMax) {
          last = way
          continue
        }
        return void steps.push(...moments)
      }
    }),
  )
}

/**
 * Where a request may be under way as the server dies, nobody goes on before it surely isn't. Rotations that wait for
 * that wait together.
 */
function slowestFirst(steps: readonly Moment[]): readonly Moment[] {
  const [slow, quick]: [Moment[], Moment[]] = [[], []]
  let underWay = false
  for (const moment of steps) {
    const { step, when } = moment
    if (step === 'arm' && when === 'after') underWay = true
    if ((step === 'rest' || step === 'keep') && when === 'after') underWay = false
    ;(underWay ? slow : quick).push(moment)
  }
  return [...slow, ...quick]
}

/** Who dies next: those of whom most is left first, so that all come to their end together. */
function doomed(rows: readonly Row[]): Doomed[] {
  const chosen: Doomed[] = []
  const free = new Map(rows.map((row) => [row, [...row.victims]]))
  while (chosen.length < deathsAtOnce) {
    const able = rows.filter((row) => row.queue.length > 0 && (free.get(row) ?? []).length > 0)
    const [row] = able.sort((a, b) => b.queue.length - a.queue.length)
    const victim = row && free.get(row)?.shift()
    const moment = row?.queue.shift()
    if (row === undefined || victim === undefined || moment === undefined) break
    chosen.push({ ...victim, row, moment })
  }
  return chosen
}

/** One death of the server, which is that of each rotation at a moment of its own. */
async function die(server: RotatingServer, all: readonly Doomed[], say: (line: string) => void): Promise<void> {
  const published = async ({ secret }: Doomed): Promise<Published> => ({
    ...(await server.current(secret)),
    versions: await server.versions(secret),
  })
  const before = await Promise.all(all.map(published))
  const reached = new Set<string>()
  server.onMoment = ({ secret }) => reached.add(secret)
  await server.arm(Object.fromEntries(all.map(({ secret, moment }) => [secret, moment])))
  const dying = server.dies(arrivesMsMax)
  // Whoever asked last may hear nothing any more.
  const asked = await Promise.allSettled(all.map(({ secret }) => server.rotate(secret)))
  await dying
  const since = performance.now()
  await server.restart()
  await Promise.all(
    all.map(async ({ secret, stand, row, moment }, index) => {
      const { attempts, ...died } = moment
      const wrong: string[] = []
      const state = await whatBecame(server, { secret, stand }, before[index] as Published, wrong)
      const recoveredMs = Math.round(performance.now() - since)
      if (!reached.has(secret)) {
        // It died somewhere else, or was not even begun; that is a death as well, but not this one.
        if (attempts < attemptsMax) row.queue.push({ ...died, attempts: attempts + 1 })
        if (attempts < attemptsMax && (wrong.length === 0 || asked[index]?.status === 'rejected')) return
        wrong.push('it did not come to this moment')
      }
      row.deaths.push({ ...died, state, recoveredMs, wrong })
      if (wrong.length > 0) say(`  ${secret}, killed ${nameOf(died)}: ${wrong.join('; ')}`)
    }),
  )
}

const nameOf = ({ step, when, nth }: Moment): string => `${when} ${step} (${nth})`
