import type { JournalPage } from '@cardea/contract/cardea/journal'
import { resourceId } from '@cardea/contract/cardea/resource-id'
import { oneOf } from '@cardea/contract/shape'
import { command, data, json, Misuse, Refusal } from './command.ts'
import { formats, type JournalFormat, journalFormats } from './journal-text.ts'
import { intoNewFile } from './new-file.ts'
import { actorWords, idCalled } from './principal.ts'
import { paintFor } from './print.ts'
import { type Answered, directoryOn, type Service, withManagement } from './service.ts'
import { timestampFrom } from './time.ts'

export default command({
  name: 'audit export',
  says: 'Writes the journal of deeds: who did or tried what, when, and how it ended. No value stands in it.',
  more: 'azure: a line for each of Azure’s AuditEvent records; json: a flat line for each; csv: for spreadsheets.',
  takes: {},
  options: {
    from: {
      type: 'string',
      value: 'TIME',
      says: 'the first moment, such as 2026-01-31T12:00:00Z, or 7d for a week ago',
    },
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
    caller: { type: 'string', value: 'WHO', says: `only what they did: ${actorWords}` },
    operation: { type: 'string', value: 'NAME', says: 'only this operation, such as SecretGet' },
    outcome: { type: 'string', value: 'END', says: 'only success, failure, or a code such as forbidden' },
    data,
    json: { ...json, says: 'with --out: one JSON document about the file, for programs' },
  },
  examples: [
    'cardea audit export --from 2026-01-01 --out january.json',
    'cardea audit export --from 2026-01-01 --outcome forbidden --format csv',
  ],
  async run({ from, to, format = 'azure', out, data, json, caller, ...asked }, world) {
    if (from === undefined) throw new Misuse('From when on? Give it with --from.', 'See: cardea help audit export')
    const now = world.now()
    const query = new URLSearchParams({ from: timestampFrom('--from', from, now, 'ago'), limit: '1000' })
    // Without an end the export would run after what it writes itself.
    query.set('to', to === undefined ? new Date(now).toISOString() : timestampFrom('--to', to, now, 'ago'))
    for (const [name, value] of Object.entries(asked)) if (value !== undefined) query.set(name, value)
    const { head, line } = formats[format as JournalFormat]
    return withManagement(world, { data }, async (management, way) => {
      if (caller !== undefined) query.set('caller', await idCalled(directoryOn(way), caller))
      const pages = pagesOfJournal(management, `/.cardea/journal?${query}`)
      if (out === undefined) {
        world.write(head)
        for await (const { value } of pages) world.write(value.map(line).join(''))
        return 0
      }
      const { dim, name } = paintFor(world.terminal)
      const stop = world.stopping()
      const count = await intoNewFile(world, out, async (write) => {
        let count = 0
        write(head)
        for await (const { value, nextLink } of pages) {
          if (stop.aborted)
            throw new Refusal(
              'stopped',
              `Stopped after ${count} records; ${out} wasn’t written.`,
              'Export less at once with --from and --to.',
            )
          write(value.map(line).join(''))
          count += value.length
          if (world.terminal.out && nextLink !== null)
            world.tell(dim(`${count} records, up to ${value.at(-1)?.time ?? 'here'}`))
        }
        return count
      })
      world.print(
        json
          ? JSON.stringify({ file: out, count })
          : `${count} record${count === 1 ? '' : 's'} written to ${name(out)}`,
      )
      return 0
    })
  },
})

async function* pagesOfJournal(management: Service, path: string): AsyncGenerator<JournalPage> {
  for (let at: string | null = path; at !== null; ) {
    const { body }: Answered<JournalPage> = await management.ask('GET', at)
    yield body
    at = body.nextLink
  }
}
