import type { AlertView } from '@cardea/contract/cardea/alerts'
import { ruleName, type Watched, watched } from '@cardea/contract/cardea/alerts'
import { oneOf } from '@cardea/contract/shape'
import { below, resource } from './below.ts'
import { command, data, json, Misuse } from './command.ts'
import { durationFrom } from './duration.ts'
import { list } from './listing.ts'
import { paintFor, shown, spanOf, when } from './print.ts'
import { type Values, withManagement } from './service.ts'
import { valueFrom } from './value.ts'
import { whereOf } from './where.ts'

/** Rules that tell somebody when something is wrong: their three commands, which share what they are given. */
const rule = { says: 'the rule', shape: ruleName } as const
const pathOf = (name: string, resource: string | undefined): string =>
  `/.cardea/alerts${name === '' ? '' : `/${name}`}${below(resource)}`

export const alertSet = command({
  name: 'alert set',
  says: 'Tells somebody when something is wrong: by mail, or by a web hook whose address is read from standard input.',
  more: `What can be watched: ${watched.join(', ')}.`,
  takes: { name: rule },
  options: {
    watch: { type: 'string', value: 'WHAT', says: 'what is watched', shape: oneOf(...watched) },
    threshold: { type: 'string', value: 'COUNT', says: 'how often until it counts' },
    within: { type: 'string', value: 'TIME', says: 'how far back, or for near-expiry how far ahead: 5m, 30d' },
    pause: { type: 'string', value: 'TIME', says: 'how long after a message none follows (default 15m)' },
    mail: { type: 'string', value: 'ADDRESS', multiple: true, says: 'who is told; again for another' },
    webhook: { type: 'boolean', says: 'tell the https:// address on standard input; it may be a credential' },
    chat: { type: 'boolean', says: 'the web hook is a chat’s (Slack, Mattermost, Teams): it gets words alone' },
    resource,
    data,
    json,
  },
  examples: [
    'cardea alert set intruders --watch denied --threshold 20 --within 5m --mail ops@example.org',
    'cardea alert set slow --watch laggards --within 1h --webhook --chat < chat-address',
    'cardea alert set expiry --watch near-expiry --within 30d --webhook < webhook-address',
  ],
  async run({ name, watch, threshold, within, pause, mail, webhook, chat, resource, data, json }, world) {
    if (watch === undefined)
      throw new Misuse('What is to be watched? Give it with --watch.', 'See: cardea help alert set')
    if (mail.length === 0 && !webhook) throw new Misuse('Whom to tell? Give --mail ADDRESS or --webhook.')
    if (chat && !webhook) throw new Misuse('A chat is told by its web hook: give --webhook too.')
    if (threshold !== undefined && !/^[1-9]\d{0,6}$/.test(threshold)) throw new Misuse('--threshold must be a number.')
    const address = webhook ? (await valueFrom(world, {}, 'Address of the web hook')).trim() : undefined
    const body = {
      watch: watch as Watched,
      ...(threshold !== undefined && { threshold: Number(threshold) }),
      ...(within !== undefined && { withinSeconds: durationFrom('--within', within) }),
      ...(pause !== undefined && { pauseSeconds: durationFrom('--pause', pause) }),
      ...(mail.length > 0 && { mail }),
      ...(address !== undefined && { webhook: address, chat }),
    }
    return withManagement(world, { data }, async (management) => {
      const view = (await management.ask<AlertView>('PUT', pathOf(name, resource), body)).body
      if (json) world.print(JSON.stringify(view))
      else {
        const paint = paintFor(world.terminal)
        world.print(`${paint.name(name)} watches ${shown(whereOf(view.resource))}`)
        if (view.trouble !== null) world.tell(`${paint.bad('What keeps it from telling:')} ${shown(view.trouble)}`)
      }
      return 0
    })
  },
})

export const alertList = command({
  name: 'alert list',
  says: 'Lists the rules that tell somebody when something is wrong, and what keeps them from it.',
  takes: {},
  options: { resource, data, json },
  examples: ['cardea alert list'],
  async run({ resource, data, json }, world) {
    return withManagement(world, { data }, async (management) => {
      const rules = (await management.ask<Values<AlertView>>('GET', pathOf('', resource))).body.value
      return list(world, rules, {
        json,
        heads: ['RULE', 'WATCHES', 'FROM', 'TELLS', 'TOLD', 'TROUBLE'],
        none: ['Nothing is watched. Begin with: cardea alert set NAME --watch denied --mail ADDRESS'],
        row: ({ name, watch, threshold, withinSeconds, mail, webhook, told, trouble }, paint) => [
          paint.name(name),
          watch,
          `${threshold} in ${spanOf(withinSeconds)}`,
          shown([...mail, ...(webhook === null ? [] : [webhook])].join(', ')),
          told === null ? paint.dim('never') : when(told, world.now()),
          trouble === null ? '' : paint.bad(shown(trouble)),
        ],
      })
    })
  },
})

export const alertDelete = command({
  name: 'alert delete',
  says: 'Takes a rule away.',
  takes: { name: rule },
  options: { resource, data, json },
  examples: ['cardea alert delete intruders'],
  async run({ name, resource, data, json }, world) {
    return withManagement(world, { data }, async (management) => {
      await management.ask('DELETE', pathOf(name, resource))
      world.print(json ? JSON.stringify({ name }) : `${name} watches no longer`)
      return 0
    })
  },
})
