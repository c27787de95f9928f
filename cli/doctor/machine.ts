import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { isRunning } from '../running.ts'
import { shellWord } from '../shell.ts'
import type { Way } from '../way.ts'
import type { World } from '../world.ts'
import type { Line } from './line.ts'

const mebibyte = 1024 * 1024
/** With less than the first there is time to make room; with less than the second hardly: each reading is written down. */
const freeWanted = 512
const freeMin = 64

/** What only this machine can see: the data folder, its keys, and the room on its disk. */
export async function folderLines({ folder }: Way, world: World): Promise<Line[]> {
  if (folder === undefined || world.modeOf(folder) === undefined) return []
  const place = shellWord(folder)
  const running = await isRunning(folder)
  const free = Math.floor(world.freeBytes(folder) / mebibyte)
  const open = [folder, join(folder, 'root.key')].filter((path) => ((world.modeOf(path) ?? 0) & 0o077) !== 0)
  return [
    running
      ? { state: 'ok', about: 'process', says: `the Cardea of ${folder} is running` }
      : {
          state: 'fail',
          about: 'process',
          says: `the Cardea of ${folder} isn’t running`,
          next: `Start it: cardea start --data ${place}`,
        },
    open.length === 0
      ? { state: 'ok', about: 'keys', says: 'the data folder and the root key are closed to others' }
      : {
          state: 'fail',
          about: 'keys',
          says: `others may read ${open.join(' and ')}`,
          next: `Run: chmod go= ${open.map(shellWord).join(' ')}`,
        },
    free >= freeWanted
      ? { state: 'ok', about: 'disk', says: `${free} MB are free` }
      : {
          state: free >= freeMin ? 'warn' : 'fail',
          about: 'disk',
          says: `only ${free} MB are free`,
          next: 'Make room: without it nothing can be read or written, since every reading is kept in the journal.',
        },
    ...authorityLines(join(folder, 'tls', 'ca.pem'), world),
  ]
}

const dayMs = 86_400_000
/** Programs hold copies of it, and have to be given the next one before it ends. */
const authorityDaysMin = 30

function authorityLines(file: string, { modeOf, readFile, now }: World): Line[] {
  if (modeOf(file) === undefined) return []
  const until = new X509Certificate(readFile(file)).validToDate
  const days = Math.floor((until.getTime() - now()) / dayMs)
  const says =
    days < 0 ? `the authority’s certificate has expired` : `the authority’s certificate is good for ${days} days`
  if (days >= authorityDaysMin) return [{ state: 'ok', about: 'certificate', says }]
  return [
    {
      state: days < 0 ? 'fail' : 'warn',
      about: 'certificate',
      says,
      next: 'Restart the server, then fetch its new certificate: eval "$(cardea env)"',
    },
  ]
}

/** What the database says of itself, where its place is known: that of the folder, or the one that the environment names. */
export async function databaseLines({ folder }: Way, world: World): Promise<Line[]> {
  const { examineDatabase } = await import('@cardea/server/offline/examine-database')
  return examineDatabase({ data: folder, env: world.env, now: world.now })
}

/** What a hardware module says of itself that the environment names. */
export async function moduleLines({ env }: World): Promise<Line[]> {
  const { examineHsm } = await import('@cardea/server/offline/examine-hsm')
  return examineHsm(env)
}
