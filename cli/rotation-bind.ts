import type { RotationView } from '@cardea/contract/cardea/rotations'
import { command, data, json, Misuse, Refusal, secret, vault } from './command.ts'
import { durationFrom } from './duration.ts'
import { jsonIn } from './json.ts'
import { rotationPath } from './paths.ts'
import { paintFor, shown } from './print.ts'
import { scheduleFrom, scheduleLines, scheduleOptions } from './rotation-schedule.ts'
import { graceText, often, rhythmText, rotationOf, scrubText } from './rotation-view.ts'
import { hasSecret, type Service, withVault } from './service.ts'
import { bytesOf, textIn } from './value.ts'
import type { World } from './world.ts'

const ofDatabases = ['host', 'port', 'tls', 'admin', 'user', 'from', 'database', 'format']
const ofWebhooks = ['url', 'key', 'target']
/**
 * The providers that a server of this version brings along, and what a binding for each may say. One that says more is likely
 * mistyped, and would do something else. A test holds this to the providers' own shapes, which the command doesn't load: they
 * bring along the clients of all that they rotate.
 */
export const bindings: ReadonlyMap<string, readonly string[]> = new Map([
  ['postgres', ['host', 'port', 'database', 'admin', 'owner', 'roles', 'format', 'parameters']],
  ['postgres-role', ['host', 'port', 'database', 'admin', 'role', 'format', 'parameters']],
  ['mariadb', ofDatabases],
  ['mysql', ofDatabases],
  ['redis', ['host', 'port', 'tls', 'admin', 'user', 'format', 'persist']],
  ['rabbitmq', ['host', 'port', 'tls', 'admin', 'user', 'format']],
  ['ssh', ['host', 'port', 'hostKeys', 'user', 'admin', 'file', 'options']],
  ['two-key', ['account', 'apiVersion', 'admin', 'keys']],
  ['app-registration', ['graph', 'tokenUrl', 'scope', 'admin', 'application', 'clientId']],
  ['webhook', ofWebhooks],
  ['webhook-set', ofWebhooks],
  ['random', ['length', 'alphabet', 'prefix', 'requires']],
])
const providers: readonly string[] = [...bindings.keys()]

export default command({
  name: 'rotation bind',
  says: 'Binds a secret to the system that accepts it, and says how often it rotates there.',
  more: [
    'The guide to rotation shows a binding for each of them. One for postgres, two roles that take turns (admin is the',
    'secret with the administrator’s URI):',
    '  {"host":"db.internal","port":5432,"database":"shop","admin":"shop-admin",',
    '   "owner":"shop_owner","roles":["shop_a","shop_b"]}',
    'A secret without a value gets its first credential at once. Of a secret that is bound already, what is left out',
    'stays as it is; a rotation of it that is blocked is tried again.',
  ].join('\n'),
  takes: { name: secret },
  options: {
    provider: { type: 'string', value: 'PROVIDER', says: `which one: ${providers.join(', ')}`, choices: providers },
    binding: { type: 'string', value: 'FILE|-', says: 'where and what, as JSON; - reads standard input (default {})' },
    interval: { type: 'string', value: 'TIME', says: 'how often, as 90d or 12h, or never (default: only on demand)' },
    ...scheduleOptions,
    grace: { type: 'string', value: 'TIME', says: 'how long the old credential waits for consumers that lag' },
    scrub: { type: 'boolean', says: 'end the old credential at the end (the default)' },
    'no-scrub': { type: 'boolean', says: 'leave the old credential valid at the end' },
    vault,
    data,
    json,
  },
  examples: [
    'cardea rotation bind orders-db --provider postgres --binding orders-db.json --interval 90d --grace 1d',
    'cardea rotation bind orders-db --interval 30d          (the rest stays as it is)',
    'cardea rotation bind orders-db --interval 30d --window "sat,sun 02:00-05:00" --time-zone Europe/Berlin',
  ],
  async run(given, world) {
    if (given.scrub && given['no-scrub']) throw new Misuse('--scrub and --no-scrub exclude each other.')
    const intervalSeconds = intervalFrom(given.interval)
    const graceSeconds =
      given.grace === undefined ? undefined : durationFrom('--grace', given.grace, { from: 0, to: 366 * daySeconds })
    const scrub = given['no-scrub'] ? false : given.scrub ? true : undefined
    const binding = given.binding === undefined ? undefined : await bindingFrom(given.binding, world)
    return withVault(world, given, async (vault) => {
      const before = await boundBefore(vault, given.name, world)
      const provider = given.provider ?? before?.provider
      if (provider === undefined)
        throw new Misuse('rotation bind needs --provider PROVIDER.', `There are: ${providers.join(', ')}.`)
      warnOfUnknown(provider, binding, world)
      // Where another provider comes, what was said to the one before means nothing to it.
      const same = before?.provider === provider ? before : undefined
      const first = before === undefined && (await hasSecret(vault, given.name)) === false
      const after = (
        await vault.ask<RotationView>('PUT', rotationPath(given.name), {
          provider,
          binding: binding ?? same?.binding ?? {},
          ...rhythmFrom(given, intervalSeconds, before),
          ...present('graceSeconds', graceSeconds ?? same?.graceSeconds),
          ...present('scrub', scrub ?? before?.scrub),
        })
      ).body
      if (given.json) world.print(JSON.stringify(after))
      else for (const line of told(given.name, before, after, first, world)) world.print(line)
      return 0
    })
  },
})

const daySeconds = 86_400

/** Whoever names one rhythm means it instead of the one before. */
function rhythmFrom(
  given: Parameters<typeof scheduleFrom>[0],
  interval: number | null | undefined,
  before?: RotationView,
) {
  const schedule = scheduleFrom(given, before?.schedule ?? null, interval !== undefined)
  const other = schedule !== undefined && (schedule.cron ?? schedule.beforeExpirySeconds ?? null) !== null
  const kept = other ? undefined : before?.intervalSeconds
  return { intervalSeconds: interval === undefined ? kept : interval, ...present('schedule', schedule) }
}
const present = <T>(name: string, value: T | undefined) => (value === undefined ? {} : { [name]: value })

const intervalFrom = (text: string | undefined): number | null | undefined =>
  text === undefined || text === 'never'
    ? text && null
    : durationFrom('--interval', text, { from: 10, to: 5 * 366 * daySeconds })

/** How the secret is bound so far; undefined too where we may not know, and that is said. */
async function boundBefore(vault: Service, name: string, { tell }: World): Promise<RotationView | undefined> {
  try {
    return await rotationOf(vault, name)
  } catch (error) {
    if (!(error instanceof Refusal) || !['not-found', 'forbidden'].includes(error.code)) throw error
    if (error.code === 'forbidden') {
      tell(`Whether ${name} is bound already isn’t yours to read: what is left out becomes the default.`)
    }
    return undefined
  }
}

function told(
  name: string,
  before: RotationView | undefined,
  after: RotationView,
  first: boolean,
  { terminal, now }: World,
): string[] {
  const paint = paintFor(terminal)
  const changed = before === undefined ? [] : changes(before, after)
  const due = after.due !== null && after.due * 1000 <= now()
  const summary = `${after.provider}; it ${often(after)}`
  return [
    before === undefined
      ? `${paint.name(name)} is bound to ${summary}.`
      : changed.length === 0
        ? `${paint.name(name)} is bound as it was: to ${summary}.`
        : `${paint.name(name)} is bound to ${summary}. Changed:`,
    ...changed.map((line) => `  ${line}`),
    ...(before === undefined
      ? [`  grace      ${graceText(after.graceSeconds)}`, `  old one    ${scrubText(after.scrub)}`]
      : []),
    '',
    first
      ? `The first credential is being made now. See: cardea rotation show ${name}`
      : due
        ? `It is due, and rotates now. See: cardea rotation show ${name}`
        : `Rotate it now with: cardea rotate ${name}`,
  ]
}

/** What another binding has changed, as it was and as it is. */
function changes(before: RotationView, after: RotationView): string[] {
  const rows: [string, string, string][] = [
    ['provider', before.provider, after.provider],
    ['binding', JSON.stringify(before.binding), JSON.stringify(after.binding)],
    ['rhythm', rhythmText(before), rhythmText(after)],
    ...scheduleHeads.map((head): [string, string, string] => [head, saidOf(head, before), saidOf(head, after)]),
    ['grace', graceText(before.graceSeconds), graceText(after.graceSeconds)],
    ['old one', scrubText(before.scrub), scrubText(after.scrub)],
  ]
  return rows
    .filter(([, was, is]) => was !== is)
    .map(([what, was, is]) => `${what.padEnd(10)} ${what === 'binding' ? shown(is) : `${was} → ${is}`}`)
}

const scheduleHeads = ['window', 'blackout', 'validity', 'jitter'] as const

const saidOf = (wanted: (typeof scheduleHeads)[number], { schedule }: RotationView): string =>
  scheduleLines(schedule)
    .flatMap(([head, text]) => (head === wanted ? [text] : []))
    .join('; ') || 'none'

function warnOfUnknown(provider: string, binding: unknown, { tell }: World): void {
  if (provider === 'mysql') {
    tell(
      'MySQL is rotated by its manual: nobody has tried this against a server yet. Try it with: cardea rotate NAME --rehearse',
    )
  }
  const names = bindings.get(provider)
  if (names === undefined || typeof binding !== 'object' || binding === null) return
  const strange = Object.keys(binding).filter((name) => !names.includes(name))
  if (strange.length === 0) return
  tell(`A binding for ${provider} knows nothing of ${shown(strange.join(', '))}. It may say: ${names.join(', ')}.`)
}

async function bindingFrom(file: string, world: World): Promise<unknown> {
  const text = textIn(await bytesOf(world, file), '--binding')
  if (text.trim() === '') {
    const what = file === '-' ? 'Standard input' : file
    throw new Misuse(`${what} is empty; --binding must be JSON.`, 'For a provider that needs nothing: {}')
  }
  return jsonIn(text, '--binding')
}
