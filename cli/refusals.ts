import { type Answer, type Request, refusal } from '@cardea/client/transport'
import { Refusal } from './command.ts'
import { shown } from './print.ts'
import { shellWord } from './shell.ts'

/** A refusal in the service's own words, which name no value; what is missing, in ours, with what to do next. */
export function refused(method: Request['method'], url: URL, answer: Answer): Refusal {
  const { code, message } = refusal(url, answer)
  const { word, text = message } = wordsIn(answer.body)
  const told = linesOf(text)
  return (
    (answer.status === 404 ? missing(method, url, word) : undefined) ??
    (word === 'ObjectIsDeletedButRecoverable' ? deletedOnly(url, told) : undefined) ??
    new Refusal(code, told, answer.status === 403 ? explanationOf(text) : undefined)
  )
}

/** What a service says first, and what it wasn't allowed to do and where; the rest is for whoever looks after it. */
const linesOf = (text: string): string =>
  text
    .split(/\r?\n/)
    .filter((line, at) => at === 0 || /^(Action|Resource): /.test(line))
    .map(shown)
    .join('\n')

/** How to ask why, where the service has said who may not do what and where: as a vault says it, or as the management host. */
function explanationOf(text: string): string | undefined {
  const [, who] = /\boid=([^;\s]+)/.exec(text) ?? /\bobject id '([^']+)'/.exec(text) ?? []
  const [, what] = /\b[Aa]ction:? '([^']+)'/.exec(text) ?? []
  const [, where] = /\b(?:Resource:|scope) '([^']+)'/.exec(text) ?? []
  if (who === undefined || what === undefined || where === undefined) return undefined
  return `Why, for who may ask: cardea access explain ${[who, what, where].map(shellWord).join(' ')}`
}

function missing(method: Request['method'], { origin, pathname }: URL, word: string | undefined): Refusal | undefined {
  const [, collection = '', name = '', bound = ''] = pathname.split('/').map(decodeURIComponent)
  if (word === 'VaultNotFound')
    return new Refusal('not-found', `There is no vault ${origin}.`, 'Look at --vault, or AZURE_KEYVAULT_URL.')
  // Only who reads one setting can miss it: a list and a writer always find their place.
  if (collection === 'kv' && (name === '' || method !== 'GET')) return noStore(origin)
  if (collection === '.cardea' && name === 'secrets' && word === 'NotFound' && method !== 'DELETE') {
    return new Refusal(
      'not-found',
      `The secret ${bound} isn't bound to a provider in ${origin}.`,
      `Bind it with: cardea rotation bind ${bound} --provider PROVIDER`,
    )
  }
  if (word !== 'SecretNotFound') return undefined
  if (collection === 'secrets') return noSecret(origin, name)
  if (collection === '.cardea') return noSecret(origin, bound)
  if (collection !== 'deletedsecrets') return undefined
  return new Refusal(
    'not-found',
    `There is no deleted secret ${name} in ${origin}.`,
    `Only what is deleted can be recovered or purged. Delete it with: cardea secret delete ${name}`,
  )
}

const noStore = (store: string): Refusal =>
  new Refusal('not-found', `There is no store ${store}.`, 'Look at --store, or AZURE_APPCONFIG_ENDPOINT.')

function deletedOnly({ pathname }: URL, text: string): Refusal {
  const name = pathname.split('/').map(decodeURIComponent)[2] ?? ''
  return new Refusal(
    'refused',
    text,
    `Bring it back with: cardea secret recover ${name}; or destroy it: cardea secret purge ${name}`,
  )
}

function wordsIn(body: string): { word?: string; text?: string } {
  try {
    const { error, title, detail } = JSON.parse(body) as {
      error?: { message?: unknown; code?: unknown; innererror?: { code?: unknown } }
      title?: unknown
      detail?: unknown
    }
    const text = error?.message ?? (detail || title)
    const word = error?.innererror?.code ?? error?.code
    return {
      ...(typeof text === 'string' && text !== '' && { text }),
      ...(typeof word === 'string' && { word }),
    }
  } catch {
    return {}
  }
}

/** Said wherever a secret is missed, by the service or by us. */
export const noSecret = (vault: string, name: string): Refusal =>
  new Refusal('not-found', `There is no secret ${name} in ${vault}.`, 'See: cardea secret list')
