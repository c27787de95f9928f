import { command, data, json } from './command.ts'
import { rightsLine, tokenLine, workLines } from './doctor/identity.ts'
import { type Line, wordsOf } from './doctor/line.ts'
import { databaseLines, folderLines, moduleLines } from './doctor/machine.ts'
import { nameLine, proxyLines } from './doctor/network.ts'
import { serverLines } from './doctor/server.ts'
import { paintFor, shown } from './print.ts'
import { originOf, wayTo } from './way.ts'
import type { World } from './world.ts'

export default command({
  name: 'doctor',
  says: 'Looks for what keeps programs from reaching Cardea, or Cardea from its work, and says what to do.',
  takes: {},
  options: { data, json },
  examples: ['cardea doctor', 'cardea doctor --json'],
  async run({ data, json }, world) {
    const lines = await examine(data, world)
    if (json) world.print(JSON.stringify(lines))
    else {
      const paint = paintFor(world.terminal)
      const words = { ok: paint.good('ok  '), warn: paint.warn('warn'), fail: paint.bad('fail') }
      for (const { state, about, says, next } of lines) {
        world.print(`${words[state]}  ${about}: ${shown(says)}`)
        if (next !== undefined) world.print(`      ${next}`)
      }
    }
    return lines.some(({ state }) => state === 'fail') ? 1 : 0
  },
})

async function examine(data: string | undefined, world: World): Promise<Line[]> {
  try {
    await using way = await wayTo(world, data)
    const vault = originOf('--vault', undefined, way.env.AZURE_KEYVAULT_URL)
    const lines = [
      ...(await folderLines(way, world)),
      ...(await databaseLines(way, world)),
      ...(await moduleLines(world)),
      await nameLine(vault, way, world),
      ...proxyLines(way),
      ...(await serverLines(vault, way, world)),
    ]
    // Who can't be reached can't be asked either.
    if (lines.some(({ state, about }) => state === 'fail' && about === 'server')) return lines
    return [...lines, await tokenLine(vault, way), await rightsLine(vault, way), ...(await workLines(way))]
  } catch (error) {
    // Before the first start there is nothing to look at but what it will need.
    return [{ state: 'fail', about: 'environment', ...wordsOf(error) }, ...(await moduleLines(world))]
  }
}
