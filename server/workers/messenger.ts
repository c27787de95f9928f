import { createHash } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import { type Egress, postOutside } from '#base/egress.ts'
import { json } from '#base/media-types.ts'
import { oneLine } from '#base/one-line.ts'
import type { Channel, Finding, Rule } from '#core/alerts/alert.ts'
import { type MailOutlet, mail } from './mail.ts'
import { messageHeaders } from './signature.ts'

/** How messages leave the house. */
export type Outlets = Egress &
  MailOutlet & {
    /** The key that signs what is posted. */
    readonly key: string | undefined
  }

type Message = {
  readonly rule: Rule
  /** By which of its channels. */
  readonly channel: Channel
  readonly news: readonly Finding[]
  readonly at: Instant
}

/** More lines than this nobody reads; how many there were is told all the same. */
const linesMax = 50

/** Tells those whom a rule names by one of its channels, all news in one message. Throws when they couldn't be told. */
export async function deliver(message: Message, outlets: Outlets): Promise<void> {
  const { rule, channel } = message
  if (channel.by === 'mail') await sendMail(message, outlets)
  else if (rule.to.webhook !== undefined) await post(rule.to.webhook, message, outlets)
}

/** The same news have the same id, so that a receiver can tell a repetition. */
function idOf({ rule, channel, news }: Message): string {
  const about = [rule.id, channel.told ?? 0, ...news.map(({ subject }) => subject)]
  return createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 32)
}

async function sendMail(message: Message, outlets: Outlets): Promise<void> {
  const { rule, news, at } = message
  const count = `${news.length} finding${news.length === 1 ? '' : 's'}`
  await mail(outlets, {
    to: rule.to.mail,
    subject: `[Cardea] ${rule.name}: ${count} (${rule.watch})`,
    text: textOf(message),
    id: idOf(message),
    at,
  })
}

function textOf({ rule, news, at }: Message): string {
  const lines = news.slice(0, linesMax).map(({ says }) => `- ${oneLine(says)}`)
  return [
    `The alert rule ${rule.name} (${rule.watch}) at ${oneLine(rule.scope)} has found, at ${new Date(at).toISOString()}:`,
    '',
    ...lines,
    ...(news.length > linesMax ? [`and ${news.length - linesMax} more.`] : []),
    '',
  ].join('\n')
}

async function post(url: string, message: Message, outlets: Outlets): Promise<void> {
  const body = JSON.stringify(message.rule.to.chat ? { text: chatted(textOf(message)) } : alertOf(message))
  const headers = {
    'content-type': json,
    ...messageHeaders(outlets.key, idOf(message), message.at, body),
  }
  const status = await postOutside(url, { headers, body }, outlets)
  if (status < 200 || status > 299) throw new Error(`the web hook answered ${status}`)
}

/**
 * Words as Slack, Mattermost, Google Chat and Teams' connectors take them. What names and addresses hold must neither be
 * a link nor call everybody: the three signs are escaped as Slack has it, and no @ stands before a word.
 */
const chatted = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('@', '@\u200b')

/** Like the common alert schema of Azure Monitor, in its names for what it has names for. */
function alertOf(message: Message) {
  const { rule, news, at } = message
  return {
    schemaId: 'cardeaAlert',
    data: {
      essentials: {
        alertId: idOf(message),
        alertRule: rule.name,
        monitorCondition: 'Fired',
        signalType: rule.watch,
        alertTargetIDs: [oneLine(rule.scope)],
        firedDateTime: new Date(at).toISOString(),
      },
      alertContext: { findings: news.slice(0, linesMax).map(({ says }) => oneLine(says)), count: news.length },
    },
  }
}
