import { operation } from '../operation.ts'
import { flag, list, optional, record, text } from '../shape.ts'
import { secretName, secretVersion } from '../vault/secrets.ts'

/** No two that run at the same time have the same: each report replaces what the instance said before. */
const instanceName = text({
  pattern: /^[\w.:-]{1,128}$/,
  wanted: '1 to 128 letters, digits, dots, colons, hyphens or underscores',
})

/** So much fits into one report. */
export const consumerUsesMax = 256

/**
 * A consumer says what it runs on now, not what it fetched (promise P5): every version that is in use, also several of one
 * secret. It repeats this while it lives, at least every 20 s; silent for 60 s, it counts as gone. What doesn't fit into one
 * report is said in several, each of them `partial`; what none of these names any more then ends by silence. On the vault's
 * host.
 */
export const reportConsumer = operation({
  id: 'ConsumerReport',
  method: 'PUT',
  path: '/.cardea/consumers/:instance',
  since: 'always',
  action: 'secrets/get',
  reach: 'within',
  effect: 'write',
  params: record({ instance: instanceName }),
  query: record({}),
  body: record({
    application: text({ maxCharacters: 128, pattern: /^\P{Cc}*$/u, wanted: 'free of control characters' }),
    uses: list(record({ secret: secretName, version: secretVersion }), { maxItems: consumerUsesMax }),
    partial: optional(flag),
  }),
  status: 200,
})

/** The answer to a report: what of it was not kept, because the consumer may not read it. */
export type Reported = { readonly unreadable: readonly string[] }

/** Who has said nothing for so long is gone. */
export const consumerSilentSeconds = 60
/** Who lives says so at least this often: two reports may be lost. */
export const consumerReportSeconds = 20

export type Consumer = {
  readonly instance: string
  readonly application: string
  readonly version: string
  readonly seen: number
}
