import type { Watched } from '@cardea/contract/cardea/alerts'
import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

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
  told: number | null
  trouble: string | null
  created: number
}
type Tables = { alert_rule: RuleRow; alert_finding: { rule: string; subject: string; told: number } }
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
    told: given('told'),
    trouble: given('trouble'),
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
const told = statement<Tables, { rule: string }, { subject: string; told: number }>((db, given) =>
  db.selectFrom('alert_finding').select(['subject', 'told']).where('rule', '=', given('rule')),
)
const upsertTold = statement<Tables, { rule: string; subject: string; told: number }>((db, given) =>
  db
    .insertInto('alert_finding')
    .values({ rule: given('rule'), subject: given('subject'), told: given('told') })
    .onConflict((conflict) => conflict.columns(['rule', 'subject']).doUpdateSet({ told: given('told') })),
)
const dropTold = statement<Tables, { rule: string; subject: string }>((db, given) =>
  db.deleteFrom('alert_finding').where('rule', '=', given('rule')).where('subject', '=', given('subject')),
)
const dropAllTold = statement<Tables, { rule: string }>((db, given) =>
  db.deleteFrom('alert_finding').where('rule', '=', given('rule')),
)
const mark = statement<Tables, { id: string; told: number | null; trouble: string | null }>((db, given) =>
  db
    .updateTable('alert_rule')
    .set({ told: given('told'), trouble: given('trouble') })
    .where('id', '=', given('id')),
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
  await drop.changed(sql, { id })
}

/** What a rule has told already, and when. */
export const toldBy = async (sql: Sql, rule: string): Promise<ReadonlyMap<string, Instant>> =>
  new Map((await told.all(sql, { rule })).map(({ subject, told }) => [subject, told]))

export async function keepTold(sql: Sql, rule: string, subject: string, at: Instant): Promise<void> {
  await upsertTold.changed(sql, { rule, subject, told: at })
}
export async function forgetTold(sql: Sql, rule: string, subject: string): Promise<void> {
  await dropTold.changed(sql, { rule, subject })
}
export async function markRule(sql: Sql, id: string, told: Instant | undefined, trouble: string | undefined) {
  await mark.changed(sql, { id, told: told ?? null, trouble: trouble ?? null })
}
