import { command, data, json, Misuse } from './command.ts'
import { durationFrom } from './duration.ts'
import { paintFor, spanOf, table } from './print.ts'
import { withManagement } from './service.ts'
import { idCalled } from './where.ts'

type Limited = {
  readonly properties: {
    readonly defaultKeyValueRevisionRetentionPeriodInSeconds: number
    readonly cardea: {
      readonly settingBytesMax: number
      readonly storageBytesMax: number | null
      readonly storageBytes: number
    }
  }
}

function bytesFrom(option: string, given: string): number {
  if (!/^\d{1,15}$/.test(given)) throw new Misuse(`${option} must be a number of bytes.`)
  return Number(given)
}

export default command({
  name: 'store limits',
  says: 'Shows how much a store may hold, how much it holds, and for how long it remembers; or says so anew.',
  takes: { name: { says: 'the store' } },
  options: {
    'setting-bytes': { type: 'string', value: 'BYTES', says: 'what one setting may have in all, at most 131072' },
    'storage-bytes': {
      type: 'string',
      value: 'BYTES|none',
      says: 'what all settings, their history and snapshots may take',
    },
    history: { type: 'string', value: 'TIME', says: 'for how long it is kept what settings were, as 30d' },
    data,
    json,
  },
  examples: ['cardea store limits demo', 'cardea store limits demo --storage-bytes 1000000000 --history 90d'],
  async run({ name, history, json, data, ...given }, world) {
    const [one, all] = [given['setting-bytes'], given['storage-bytes']]
    const cardea = {
      ...(one !== undefined && { settingBytesMax: bytesFrom('--setting-bytes', one) }),
      ...(all !== undefined && { storageBytesMax: all === 'none' ? null : bytesFrom('--storage-bytes', all) }),
    }
    const properties = {
      ...(Object.keys(cardea).length > 0 && { cardea }),
      ...(history !== undefined && {
        defaultKeyValueRevisionRetentionPeriodInSeconds: durationFrom('--history', history),
      }),
    }
    return withManagement(world, { data }, async (management) => {
      const id = await idCalled(management, 'store', name)
      if (Object.keys(properties).length > 0) await management.ask('PATCH', id, { properties })
      const { properties: now } = (await management.ask<Limited>('GET', id)).body
      const { settingBytesMax, storageBytesMax, storageBytes } = now.cardea
      const seconds = now.defaultKeyValueRevisionRetentionPeriodInSeconds
      if (json) {
        world.print(JSON.stringify({ name, settingBytesMax, storageBytesMax, storageBytes, historySeconds: seconds }))
        return 0
      }
      const rows = [
        ['one setting', `at most ${settingBytesMax} bytes`],
        ['all of it', storageBytesMax === null ? 'without limit' : `at most ${storageBytesMax} bytes`],
        ['holds', `${storageBytes} bytes`],
        ['remembers', spanOf(seconds)],
      ]
      const paint = paintFor(world.terminal)
      for (const line of table(paint, [{ head: 'STORE' }, { head: name }], rows)) world.print(line)
      return 0
    })
  },
})
