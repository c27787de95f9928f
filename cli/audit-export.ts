import type { JournalPage } from '@cardea/contract/cardea/journal'
import { resourceId } from '@cardea/contract/cardea/resource-id'
import { oneOf } from '@cardea/contract/shape'
import { command, data, Misuse, Refusal } from './command.ts'
import { formats, type JournalFormat, journalFormats } from './journal-text.ts'
import { paintFor } from './print.ts'
import { withManagement } from './service.ts'
import type { World } from './world.ts'

export default command({
  name: 'audit export',
  says: 'Writes the journal of deeds: who did or tried what, when, and how it ended. No value stands in it.',
  more: 'azure: a line for each of Azure’s AuditEvent records; json: a flat line for each; csv: for spreadsheets.',
  takes: {},
  options: {
    from: { type: 'string', value: 'TIME', says: 'the first moment, such as 2026-01-31 or 2026-01-31T12:00:00Z' },
    to: { type: 'string', value: 'TIME', says: 'up to this moment (default now)' },
    format: {
      type: 'string',
      value: 'FORMAT',
      says: 'azure, json or csv (default azure)',
      shape: oneOf(...journalFormats),
    },
    out: { type: 'string', value: 'FILE', says: 'a new file (default standard output)' },
    resource: {
      type: 'string',
      value: 'ID',
      says: 'the resource id at and below which (default the subscription; / is everything)',
      shape: resourceId,
    },
    caller: { type: 'string', value: 'ID', says: 'only what this object id or application did' },
    operation: { type: 'string', value: 'NAME', says: 'only this operation, such as SecretGet' },
    outcome: { type: 'string', value: 'END', says: 'only success, failure, or a code such as forbidden' },
    data,
  },
  examples: [
    'cardea audit export --from 2026-01-01 --out january.json',
    'cardea audit export --from 2026-01-01 --outcome forbidden --format csv',
  ],
  async run({ from, to, format = 'azure', out, data, ...asked }, world) {
    if (from === undefined) throw new Misuse('From when on? Give it with --from.', 'See: cardea help audit export')
    const query = new URLSearchParams({ from: timeOf('--from', from), limit: '1000' })
    // Without an end the export would run after what it writes itself.
    query.set('to', to === undefined ? new Date(world.now()).toISOString() : timeOf('--to', to))
    for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, value)
    const { head, line } = formats[format as JournalFormat]
    return withManagement(world, { data }, async (management) => {
      using file = out === undefined ? undefined : newFile(out, world)
      const write = (text: string) => (file ?? world).write(text)
      const paint = paintFor(world.terminal)
      let count = 0
      write(head)
      for (let at: string | null = `/.cardea/journal?${query}`; at !== null; ) {
        const page = (await management.ask('GET', at)).body as unknown as JournalPage
        write(page.value.map(line).join(''))
        count += page.value.length
        at = page.nextLink
        if (world.terminal.out && file !== undefined && at !== null) {
          world.tell(paint.dim(`${count} records, up to ${page.value.at(-1)?.time ?? 'here'}`))
        }
      }
      if (file !== undefined) world.print(`${count} record${count === 1 ? '' : 's'} written to ${out}`)
      return 0
    })
  },
})

function timeOf(option: string, text: string): string {
  const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw new Misuse(`${option} must be a time such as 2026-01-31T12:00:00Z, or a day.`)
  return new Date(time).toISOString()
}

function newFile(path: string, world: World) {
  try {
    return world.create(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new Refusal('exists', `There is a ${path} already.`, 'Choose another name, or move it away.')
    throw new Refusal(
      'unwritable',
      `${path} can't be written (${code ?? 'unknown'}).`,
      'Choose another place with --out.',
    )
  }
}
