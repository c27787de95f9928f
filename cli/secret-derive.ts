import { type DerivationView, escapes } from '@cardea/contract/cardea/derivations'
import { oneOf } from '@cardea/contract/shape'
import { command, data, json, Misuse, secret, vault } from './command.ts'
import { derivationPath } from './paths.ts'
import { type Paint, paintFor, shown } from './print.ts'
import { withVault } from './service.ts'
import { valueFrom } from './value.ts'

export const secretDerive = command({
  name: 'secret derive',
  says: 'Has a secret made of others, by a template on standard input; or shows how it is made.',
  more: [
    'A template has {{secret:NAME}}, {{secret:NAME.field}} for a field of JSON, and {{name}} for what --value gives; with',
    '|url, |json, |shell or |plain behind where --escape is not what you want. The secret is made anew whenever one of',
    'those changes, and can’t be set by hand. In a terminal, --show asks for no template.',
  ].join('\n'),
  takes: { name: secret },
  options: {
    show: { type: 'boolean', says: 'change nothing: show what it is made of, and what is made of it' },
    escape: { type: 'string', value: 'HOW', says: `${escapes.join(', ')} (default plain)`, shape: oneOf(...escapes) },
    value: { type: 'string', value: 'NAME=TEXT', multiple: true, says: 'what {{NAME}} stands for; never a secret' },
    vault,
    data,
    json,
  },
  examples: [
    'echo "postgres://{{user}}:{{secret:db-password}}@db/shop" | cardea secret derive db-url --escape url --value user=shop',
    'cardea secret derive db-url --show',
  ],
  async run({ name, show, escape: escaping, value, json, ...where }, world) {
    const values = show ? {} : valuesFrom(value)
    const template = show ? '' : await valueFrom(world, {}, `Template of ${name}`)
    return withVault(world, where, async (vault) => {
      const { body: view } = show
        ? await vault.ask<DerivationView>('GET', derivationPath(name))
        : await vault.ask<DerivationView>('PUT', derivationPath(name), {
            template,
            ...(escaping !== undefined && { escaping }),
            values,
          })
      const paint = paintFor(world.terminal)
      if (json) world.print(JSON.stringify(view))
      else for (const line of describe(view, paint)) world.print(line)
      return 0
    })
  },
})

export const secretUnderive = command({
  name: 'secret underive',
  says: 'Takes a secret’s template away: it keeps its value, and is set by hand again.',
  takes: { name: secret },
  options: { vault, data, json },
  examples: ['cardea secret underive db-url'],
  async run({ name, json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      await vault.ask('DELETE', derivationPath(name))
      const { name: painted } = paintFor(world.terminal)
      world.print(
        json ? JSON.stringify({ name, derived: false }) : `${painted(name)} keeps its value, and is set by hand`,
      )
      return 0
    })
  },
})

function valuesFrom(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new Misuse('--value must be NAME=TEXT.', 'See: cardea help secret derive')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

function describe({ secret, derivation, usedBy }: DerivationView, paint: Paint): string[] {
  const made = usedBy.length === 0 ? [] : [`  used by    ${usedBy.map(shown).join(', ')}`]
  if (derivation === null) return [`${paint.name(secret)} is not made of others`, ...made]
  const { template, parts, trouble } = derivation
  return [
    `${paint.name(secret)} is made of ${parts.length === 0 ? 'what you may not list' : parts.map(shown).join(', ')}`,
    ...(template === null ? [] : [`  template   ${shown(template)}`]),
    ...(trouble === null ? [] : [`  trouble    ${paint.bad(shown(trouble))}`]),
    ...made,
  ]
}
