import { operation } from '../operation.ts'
import { list, record, text } from '../shape.ts'
import { secretName, secretVersion } from '../vault/secrets.ts'

/**
 * A consumer says what it runs on now, not what it fetched (promise P5). It repeats this while it lives, at least every
 * 20 s; silent for 60 s, it counts as gone. On the vault's host.
 */
export const instanceName = text({
  pattern: /^[\w.:-]{1,128}$/,
  wanted: '1 to 128 letters, digits, dots, colons, hyphens or underscores',
})

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
    uses: list(record({ secret: secretName, version: secretVersion }), { maxItems: 256 }),
  }),
  status: 204,
})

export const consumerSilentSeconds = 60
export const consumerReportSeconds = 20

export type Consumer = {
  readonly instance: string
  readonly application: string
  readonly version: string
  readonly seen: number
}
