import { setTimeout as wait } from 'node:timers/promises'
import { RotatingServer } from './rotating-server.ts'
import { type Blow, openRelay, type Relay } from './targets/relay.ts'
import type { Server, Stand } from './targets/target.ts'
import { openingOf } from './targets/targets.ts'
import { type Published, whatBecame } from './what-became.ts'

/**
 * The other half of the crash matrix: the target itself is killed (SIGKILL) in the middle of a rotation, at every packet
 * that it is sent: as it is asked, and once it has answered but before anybody has heard. Then it is begun again, and the
 * rotation must end as well as any.
 */
export type TargetCrashes = {
  readonly provider: string
  readonly program: string
  readonly crashes: readonly TargetCrash[]
}
export type TargetCrash = Blow & {
  /** What Cardea was about. */
  readonly step: string
  readonly state: string
  /** From the target's return until the rotation was seen at its end. */
  readonly recoveredMs: number
  readonly wrong: readonly string[]
}

/** Who is a server that can be killed. */
export const crashable = ['postgres', 'postgres-role', 'mariadb', 'redis', 'rabbitmq'] as const

export type Wanted = {
  readonly providers?: readonly string[]
  /** Which packets of each step: all, or only the last of those in which something is changed. */
  readonly packets?: 'all' | 'last'
  readonly say?: (line: string) => void
}

const comesMsMax = 10_000
const downMs = 100

export async function targetCrashes({
  providers = crashable,
  packets = 'all',
  say = () => {},
}: Wanted = {}): Promise<readonly TargetCrashes[]> {
  await using server = await RotatingServer.open()
  const steps = new Map<string, string>()
  server.onMoment = ({ secret, step, when }) => void (when === 'before' && steps.set(secret, step))
  await server.arm({})
  // Awaited here: the server lives for as long as this function does.
  return await Promise.all(
    providers.map(async (provider): Promise<TargetCrashes> => {
      await using target = await openingOf(provider).open()
      if (target.server === undefined) throw new Error(`What ${provider} rotates at is no server that can be killed`)
      await using relay = await openRelay(target.server.port)
      const secret = provider
      const stand = await target.stand(secret, relay.port)
      await server.bind(secret, provider, stand)
      const crash = { server, secret, stand, relay, target: target.server, stepNow: () => steps.get(secret) ?? '' }
      const blows = await blowsOf(crash, packets)
      say(`${provider}: ${blows.length} crashes to come`)
      const crashes: TargetCrash[] = []
      for (const blow of blows) {
        const one = await struck(crash, blow)
        crashes.push(one)
        if (one.wrong.length > 0) say(`  ${provider}, ${one.when} packet ${one.packet}: ${one.wrong.join('; ')}`)
        if (crashes.length % 10 === 0 || crashes.length === blows.length) {
          const wrong = crashes.filter((one) => one.wrong.length > 0).length
          say(`${provider}: ${crashes.length} of ${blows.length} crashes of ${target.program}, ${wrong} wrong`)
        }
      }
      return { provider, program: target.program, crashes }
    }),
  )
}

type Crashing = {
  readonly server: RotatingServer
  readonly secret: string
  readonly stand: Stand
  readonly relay: Relay
  readonly target: Server
  readonly stepNow: () => string
}

const changing = ['apply', 'retire']

/** Every moment at which the target can be struck, from a rotation that nothing disturbs. */
async function blowsOf({ server, secret, relay, stepNow }: Crashing, wanted: 'all' | 'last'): Promise<Blow[]> {
  const sent: { readonly packet: number; readonly step: string }[] = []
  const answered = new Set<number>()
  relay.onPacket = (packet) => sent.push({ packet, step: stepNow() })
  relay.onAnswer = (packet) => answered.add(packet)
  relay.count()
  await server.rotate(secret)
  const { state, lastError } = await server.ends(secret)
  if (state !== 'done') throw new Error(`The rotation of ${secret} that nothing disturbed is ${state}: ${lastError}`)
  relay.onPacket = () => {}
  relay.onAnswer = () => {}
  // Who says goodbye isn't answered: the last that is, is the change or comes right after it.
  const last = (step: string) => sent.filter((one) => one.step === step && answered.has(one.packet)).slice(-1)
  const chosen = wanted === 'all' ? sent : changing.flatMap(last)
  return chosen.flatMap(({ packet }): Blow[] => [
    { packet, when: 'asked' },
    ...(answered.has(packet) ? [{ packet, when: 'answered' } as const] : []),
  ])
}

async function struck(crashing: Crashing, blow: Blow): Promise<TargetCrash> {
  const { server, secret, stand, relay, target, stepNow } = crashing
  const before: Published = { ...(await server.current(secret)), versions: await server.versions(secret) }
  let step: string | undefined
  let killed: Promise<void> | undefined
  relay.count({
    ...blow,
    strike() {
      step = stepNow()
      killed = target.kill()
    },
  })
  await server.rotate(secret)
  for (const until = performance.now() + comesMsMax; killed === undefined && performance.now() < until; ) await wait(5)
  relay.count()
  const wrong: string[] = []
  if (killed === undefined) wrong.push('it never came to this packet')
  await killed
  await wait(downMs)
  if (killed !== undefined) await target.restart()
  const since = performance.now()
  const state = await whatBecame(server, { secret, stand }, before, wrong)
  return { ...blow, step: step ?? '', state, recoveredMs: Math.round(performance.now() - since), wrong }
}
