import type { Watched } from '@cardea/contract/cardea/alerts'
import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { Channel } from './alert.ts'

type RuleRow = {
  id: string
  scope: string
  scope_key: string
  name: string
  name_key: string
  watch: Watched
  threshold: number
  within_ms: number
  pause_ms: number
  sealed: Uint8Array
  created: number
}
type ChannelRow = {
  rule: string
  channel: Channel['by']
  told: number | null
  trouble: string | null
  attempt: number
  again: number
}
type ToldRow = { rule: string; channel: Channel['by']; subject: string; told: number }
type Tables = { alert_rule: RuleRow; alert_channel: ChannelRow; alert_told: ToldRow }
export type KeptRule = Omit<RuleRow, 'scope_key' | 'name_key'>

const insert = statement<Tables, RuleRow>((db, given) =>
  db.insertInto('alert_rule').values({
    id: given('id'),
    scope: given('scope'),
    scope_key: given('scope_key'),
    name: given('name'),
    name_key: given('name_key'),
    watch: given('watch'),
    threshold: given('threshold'),
    within_ms: given('within_ms'),
    pause_ms: given('pause_ms'),
    sealed: given('sealed'),
    created: given('created'),
  }),
)
type Named = { scope_key: string; name_key: string }
const byName = statement<Tables, Named, RuleRow>((db, given) =>
  db
    .selectFrom('alert_rule')
    .selectAll()
    .where('scope_key', '=', given('scope_key'))
    .where('name_key', '=', given('name_key')),
)
const byId = statement<Tables, { id: string }, RuleRow>((db, given) =>
  db.selectFrom('alert_rule').selectAll().where('id', '=', given('id')),
)
const all = statement<Tables, Record<never, never>, RuleRow>((db) =>
  db.selectFrom('alert_rule').selectAll().orderBy('scope_key').orderBy('name_key'),
)
const drop = statement<Tables, { id: string }>((db, given) => db.deleteFrom('alert_rule').where('id', '=', given('id')))
const channels = statement<Tables, { rule: string }, ChannelRow>((db, given) =>
  db.selectFrom('alert_channel').selectAll().where('rule', '=', given('rule')),
)
const upsertChannel = statement<Tables, ChannelRow>((db, given) => {
  const standing = {
    told: given('told'),
    trouble: given('trouble'),
    attempt: given('attempt'),
    again: given('again'),
  }
  return db
    .insertInto('alert_channel')
    .values({ rule: given('rule'), channel: given('channel'), ...standing })
    .onConflict((conflict) => conflict.columns(['rule', 'channel']).doUpdateSet(standing))
})
const dropChannels = statement<Tables, { rule: string }>((db, given) =>
  db.deleteFrom('alert_channel').where('rule', '=', given('rule')),
)
type By = Pick<ToldRow, 'rule' | 'channel'>
const told = statement<Tables, By, { subject: string; told: number }>((db, given) =>
  db
    .selectFrom('alert_told')
    .select(['subject', 'told'])
    .where('rule', '=', given('rule'))
    .where('channel', '=', given('channel')),
)
const upsertTold = statement<Tables, ToldRow>((db, given) =>
  db
    .insertInto('alert_told')
    .values({ rule: given('rule'), channel: given('channel'), subject: given('subject'), told: given('told') })
    .onConflict((conflict) => conflict.columns(['rule', 'channel', 'subject']).doUpdateSet({ told: given('told') })),
)
const dropTold = statement<Tables, By & { subject: string }>((db, given) =>
  db
    .deleteFrom('alert_told')
    .where('rule', '=', given('rule'))
    .where('channel', '=', given('channel'))
    .where('subject', '=', given('subject')),
)
const dropAllTold = statement<Tables, { rule: string }>((db, given) =>
  db.deleteFrom('alert_told').where('rule', '=', given('rule')),
)

const key = (text: string): string => text.toLowerCase()

export async function addRule(sql: Sql, rule: KeptRule): Promise<void> {
  await insert.changed(sql, { ...rule, scope_key: key(rule.scope), name_key: key(rule.name) })
}
export const ruleNamed = (sql: Sql, scope: string, name: string): Promise<KeptRule | undefined> =>
  byName.first(sql, { scope_key: key(scope), name_key: key(name) })
export const ruleWith = (sql: Sql, id: string): Promise<KeptRule | undefined> => byId.first(sql, { id })
export const allRules = (sql: Sql): Promise<KeptRule[]> => all.all(sql, {})

export async function dropRule(sql: Sql, id: string): Promise<void> {
  await dropAllTold.changed(sql, { rule: id })
  await dropChannels.changed(sql, { rule: id })
  await drop.changed(sql, { id })
}

/** The channels of a rule that have something to keep. */
export const keptChannels = async (sql: Sql, rule: string): Promise<Channel[]> =>
  (await channels.all(sql, { rule })).map(({ channel, told, trouble, attempt, again }) => ({
    ...{ by: channel, told: told ?? undefined, trouble: trouble ?? undefined, attempt, again },
  }))

export async function keepChannel(
  sql: Sql,
  rule: string,
  { by, told, trouble, attempt, again }: Channel,
): Promise<void> {
  const row = { rule, channel: by, told: told ?? null, trouble: trouble ?? null, attempt, again }
  await upsertChannel.changed(sql, row)
}

/** What a rule has told by a channel already, and when. */
export const toldBy = async (sql: Sql, rule: string, { by }: Channel): Promise<ReadonlyMap<string, Instant>> =>
  new Map((await told.all(sql, { rule, channel: by })).map(({ subject, told }) => [subject, told]))

export async function keepTold(sql: Sql, rule: string, { by }: Channel, subject: string, at: Instant): Promise<void> {
  await upsertTold.changed(sql, { rule, channel: by, subject, told: at })
}
export async function forgetTold(sql: Sql, rule: string, { by }: Channel, subject: string): Promise<void> {
  await dropTold.changed(sql, { rule, channel: by, subject })
}
