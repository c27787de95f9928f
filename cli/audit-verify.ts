import { command, data, json, Refusal } from './command.ts'
import { paintFor } from './print.ts'
import { dataFolder } from './way.ts'

export default command({
  name: 'audit verify',
  says: 'Looks whether the journal of deeds is as it was written: nothing edited, removed, swapped or cut off.',
  more: [
    'Works on the database itself, whether its server runs or not, and changes nothing. With the root key it also sees',
    'links that somebody made anew; checkpoints that were kept outside the database show when its end was cut off.',
    'Records after the last checkpoint (a minute at most) are said to be uncovered.',
  ].join('\n'),
  takes: {},
  options: {
    data,
    database: {
      type: 'string',
      value: 'URL',
      says: 'postgres://… instead of the embedded database (or CARDEA_DATABASE)',
    },
    'root-key': {
      type: 'string',
      value: 'FILE',
      says: 'the root key (default root.key in the data folder, if it is there)',
    },
    checkpoints: {
      type: 'string',
      value: 'FILE',
      says: 'checkpoints that were copied away (default audit-checkpoints.jsonl in the data folder)',
    },
    signer: { type: 'string', value: 'FILE', says: 'the public key of the signer (PEM), as it was noted before' },
    json,
  },
  examples: ['cardea audit verify', 'cardea audit verify --checkpoints /mnt/away/audit-checkpoints.jsonl'],
  async run({ json, database, checkpoints, signer, 'root-key': rootKeyFile, ...where }, world) {
    const { verifyAudit } = await import('@cardea/server/offline/verify-audit')
    let told = 0
    const verdict = await verifyAudit({
      data: dataFolder(where.data, world),
      database: database ?? world.env.CARDEA_DATABASE,
      rootKeyFile: rootKeyFile ?? world.env.CARDEA_ROOT_KEY_FILE,
      checkpoints,
      signer,
      progress(entries) {
        if (entries - told < 1_000_000) return
        told = entries
        world.tell(`${entries} records so far`)
      },
    }).catch((error: Error) => {
      throw new Refusal(
        'unreadable',
        `The journal can't be read: ${error.message}`,
        'Name its place with --data DIR or --database URL.',
      )
    })
    if (json) world.print(JSON.stringify(verdict))
    else {
      const paint = paintFor(world.terminal)
      const { entries, series, checkpoints: made, kept, uncovered, proven, flaws } = verdict
      world.print(
        `${entries} records in ${series} series, ${made} ${made === 1 ? 'checkpoint' : 'checkpoints'} here and ${kept} outside`,
      )
      if (!proven) world.print(paint.warn('Without the root key, links that were made anew would not show.'))
      if (kept === 0)
        world.print(paint.warn('Without checkpoints from outside, an end that was cut off would not show.'))
      if (uncovered > 0) world.print(`${uncovered} records were written after the last checkpoint`)
      for (const { where, what } of flaws) world.print(`${paint.bad('✗')} ${where}: ${what}`)
      world.print(
        flaws.length === 0 ? paint.good('Nothing is amiss.') : paint.bad(`The journal is not as it was written.`),
      )
    }
    return verdict.flaws.length === 0 ? 0 : 1
  },
})
