import type { RehearsalView } from '@cardea/contract/cardea/rehearsals'
import { type ExitCode, Refusal } from './command.ts'
import { pace } from './pace.ts'
import { rotationPath } from './paths.ts'
import { paintFor, shown } from './print.ts'
import type { Service } from './service.ts'
import type { World } from './world.ts'

const patienceMs = 90_000

/** Rehearses a rotation, and tells what was tried and what is missing. */
export async function rehearsed(vault: Service, name: string, json: boolean, world: World): Promise<ExitCode> {
  const until = world.now() + patienceMs
  const next = pace()
  let view = (await vault.ask<RehearsalView>('POST', `${rotationPath(name)}/rehearse`)).body
  while (view.ended === null && world.now() < until) {
    await world.wait(next(view.checks))
    view = (await vault.ask<RehearsalView>('GET', `${rotationPath(name)}/rehearsal`)).body
  }
  const wrong = view.checks.filter((check) => check.wrong !== null)
  if (json) world.print(JSON.stringify(view))
  else {
    const paint = paintFor(world.terminal)
    for (const { what, wrong, remedy } of view.checks) {
      world.print(`${wrong === null ? paint.good('ok  ') : paint.bad('no  ')}  ${shown(what)}`)
      if (wrong !== null) world.print(`      ${shown(wrong)}`)
      if (remedy !== null) world.print(`      ${paint.bold(shown(remedy))}`)
    }
    if (view.ended !== null && wrong.length === 0)
      world.print(`${paint.name(name)} would rotate, and nothing is left behind.`)
  }
  if (view.ended === null) {
    throw new Refusal(
      'stuck',
      `The rehearsal of ${name} isn't over: whether its twin is gone isn't known yet.`,
      'It is tried again by itself until the twin is gone.',
    )
  }
  return wrong.length === 0 ? 0 : 1
}
