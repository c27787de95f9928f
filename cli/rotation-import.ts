import type { RotationItem } from '@cardea/contract/cardea/rotation-plan'
import type { RotationView } from '@cardea/contract/cardea/rotations'
import { type SecretItem, secretName } from '@cardea/contract/vault/secrets'
import { command, data, json, Misuse, Refusal, vault } from './command.ts'
import { rotationPath } from './paths.ts'
import { paintFor, shown, spanOf, table, when } from './print.ts'
import { noSecret } from './refusals.ts'
import { isTagged, type Surroundings, type Understood, understood } from './rotation-tags.ts'
import { pagesOf, type Service, withVault } from './service.ts'
import { shellWord } from './shell.ts'
import type { World } from './world.ts'

export default command({
  name: 'rotation import',
  says: 'Binds secrets that Azure’s rotation functions looked after, by the tags that these left on them.',
  more: [
    'It reads CredentialId, ProviderAddress and ValidityPeriodDays (60 where it is missing) of one secret, or of all in',
    'the vault that have a ProviderAddress, and shows what it would bind to what. Nothing changes without --apply.',
    'Each new version lives for the validity, and the next is made 30 days before its end, or after half of its life if',
    'that is sooner. What is bound already stays as it is. What was bound is undone by the commands that it prints.',
  ].join('\n'),
  takes: { name: { says: 'only this secret', optional: true, shape: secretName } },
  options: {
    apply: { type: 'boolean', says: 'do it; without, it is only shown' },
    plan: { type: 'boolean', says: 'only show it (the default)' },
    admin: {
      type: 'string',
      value: 'SECRET',
      says: 'the secret with the application that may regenerate keys and passwords',
      shape: secretName,
    },
    key: {
      type: 'string',
      value: 'SECRET',
      says: 'the secret with the key that signs what webhooks hear',
      shape: secretName,
    },
    management: {
      type: 'string',
      value: 'URL',
      says: 'where the resources are managed (default https://management.azure.com)',
    },
    graph: { type: 'string', value: 'URL', says: 'the directory (default https://graph.microsoft.com/v1.0)' },
    'token-url': { type: 'string', value: 'URL', says: 'where the bound applications ask for tokens' },
    vault,
    data,
    json,
  },
  examples: [
    'cardea rotation import --admin storage-admin',
    'cardea rotation import --admin storage-admin --apply',
    'cardea rotation import storage-key --admin storage-admin --apply',
  ],
  async run(given, world) {
    if (given.apply && given.plan) throw new Misuse('Either --plan or --apply.')
    const around: Surroundings = {
      management: baseOf('--management', given.management ?? 'https://management.azure.com'),
      graph: baseOf('--graph', given.graph ?? 'https://graph.microsoft.com/v1.0'),
      tokenUrl: given['token-url'] === undefined ? undefined : baseOf('--token-url', given['token-url']),
      admin: given.admin,
      key: given.key,
    }
    return withVault(world, given, async (vault) => {
      const steps = await planned(vault, given.name, around)
      try {
        if (given.apply) for (const step of steps) await bind(vault, step)
      } finally {
        // Also where it is torn off: else nobody knows what to undo.
        if (given.json)
          world.print(JSON.stringify({ vault: vault.origin, applied: given.apply, steps: steps.map(told) }))
        else print(steps, given.apply, vault.origin, world)
      }
      return steps.some(({ what }) => what === 'refused') ? 1 : 0
    })
  },
})

type Step = {
  readonly name: string
  /** `bind` is to be done, `bound` is done or was before, `refused` can't be. */
  what: 'bind' | 'bound' | 'refused'
  readonly wanted: Understood | undefined
  /** When the version that is there ends. */
  readonly expires: number | undefined
  why: string | undefined
  undo: string | undefined
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

function baseOf(option: string, text: string): string {
  const url = URL.parse(text)
  // Only what listens on this machine may be asked without TLS.
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback.has(url.hostname))
  if (url === null || !isSafe || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new Misuse(`${option} must be an https:// address.`)
  return text.replace(/\/$/, '')
}

async function planned(vault: Service, only: string | undefined, around: Surroundings): Promise<Step[]> {
  const items = await pagesOf<SecretItem>(vault, '/secrets', 'value', 'nextLink')
  const bound = await pagesOf<RotationItem>(vault, '/.cardea/rotations', 'value', 'nextLink')
  const providers = new Map(bound.map(({ secret, provider }) => [secret.toLowerCase(), provider]))
  const named = items.map((item) => ({
    ...item,
    name: item.id.slice(item.id.lastIndexOf('/') + 1),
    tags: item.tags ?? {},
  }))
  const meant = named.filter(({ name, tags }) =>
    only === undefined ? isTagged(tags) : name.toLowerCase() === only.toLowerCase(),
  )
  if (only !== undefined && meant.length === 0) throw noSecret(vault.origin, only)
  return meant.map(({ name, tags, attributes }): Step => {
    const step = { name, expires: attributes.exp, wanted: undefined, why: undefined, undo: undefined }
    const provider = providers.get(name.toLowerCase())
    if (provider !== undefined) return { ...step, what: 'bound', why: `it was bound to ${provider} already` }
    if (!isTagged(tags)) return { ...step, what: 'refused', why: 'it has no tag ProviderAddress' }
    const wanted = understood(tags, around)
    return 'why' in wanted ? { ...step, what: 'refused', why: wanted.why } : { ...step, what: 'bind', wanted }
  })
}

/** Binds one; what the server refuses is told beside the others. */
async function bind(vault: Service, step: Step): Promise<void> {
  if (step.what !== 'bind' || step.wanted === undefined) return
  const { provider, binding, validityDays, leadSeconds } = step.wanted
  const schedule = { beforeExpirySeconds: leadSeconds, validitySeconds: validityDays * 86_400 }
  try {
    const { body } = await vault.ask<RotationView>('PUT', rotationPath(step.name), { provider, binding, schedule })
    step.what = 'bound'
    step.undo = `cardea rotation unbind ${shellWord(step.name)} --vault ${shellWord(vault.origin)}`
    const { due } = body
    step.why = due === null ? undefined : `due ${new Date(due * 1000).toISOString().slice(0, 16)}Z`
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    step.what = 'refused'
    step.why = error.message
  }
}

const told = ({ name, what, wanted, why, undo }: Step) => ({
  name,
  what,
  provider: wanted?.provider ?? null,
  binding: wanted?.binding ?? null,
  validityDays: wanted?.validityDays ?? null,
  beforeExpirySeconds: wanted?.leadSeconds ?? null,
  why: why ?? null,
  undo: undo ?? null,
})

function print(steps: readonly Step[], applied: boolean, origin: string, { print, tell, now, terminal }: World): void {
  const paint = paintFor(terminal)
  if (steps.length === 0) {
    print(`No secret of ${origin} has a tag ProviderAddress.`)
    return
  }
  const words = { bind: 'to bind', bound: 'bound', refused: 'refused' } as const
  const rows = steps.map(({ name, what, wanted, why, expires }) => [
    paint.name(name),
    what === 'refused' ? paint.bad(words[what]) : words[what],
    wanted?.provider ?? '',
    wanted === undefined
      ? ''
      : `${spanOf(wanted.leadSeconds)} before the end of ${spanOf(wanted.validityDays * 86_400)}`,
    shown(why ?? (wanted === undefined ? '' : firstText(expires, wanted.leadSeconds, now()))),
  ])
  const heads = ['SECRET', 'STATE', 'PROVIDER', 'RHYTHM', ''].map((head) => ({ head }))
  for (const line of table(paint, heads, rows)) print(line)
  const undo = steps.flatMap(({ undo }) => undo ?? [])
  if (undo.length > 0) {
    print('')
    print('To undo it:')
    for (const line of undo) print(`  ${line}`)
  }
  if (!applied && steps.some(({ what }) => what === 'bind')) {
    print('')
    print('Nothing has changed. To do it: the same with --apply')
  }
  const refused = steps.filter(({ what }) => what === 'refused').length
  if (refused > 0) tell(`${refused} of ${steps.length} can’t be bound by their tags.`)
}

function firstText(expires: number | undefined, leadSeconds: number, now: number): string {
  if (expires === undefined) return 'counted from when its version was made, which has no end'
  const at = expires - leadSeconds
  return at * 1000 <= now ? 'rotates at once' : `rotates ${when(at, now)}`
}
