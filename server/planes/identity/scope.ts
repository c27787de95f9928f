import { clean, Refusal } from './refusal.ts'

/** What a token is asked for: one audience, and for people what OpenID adds. */
export type Scope = {
  readonly audience: string
  /** As it is repeated in the answer. */
  readonly words: string
  readonly openid: boolean
  readonly offline: boolean
}

const scopeMax = 512
const said = new Set(['openid', 'profile', 'email', 'offline_access'])

/** The audience of `scope=<audience>/.default`: exactly `/.default` is taken off, a slash before it stays. */
export function audienceOf(text: string | null): string {
  const scope = text?.trim() ?? ''
  if (!scope.endsWith('/.default') || /\s/.test(scope) || scope.length > scopeMax) {
    throw new Refusal(
      400,
      'invalid_scope',
      70011,
      `The provided value for scope ${clean(scope)} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.`,
    )
  }
  return scope.slice(0, -'/.default'.length)
}

/**
 * What a person's token is for: at most one resource, with `/.default` or `/user_impersonation`, and OpenID's own
 * words. Without a resource it is for the directory, as Entra has it.
 */
export function delegatedScope(text: string | null, directory: string): Scope {
  const words = (text ?? '').split(/\s+/).filter((word) => word !== '')
  const resources = words.filter((word) => !said.has(word))
  const resource = resources[0] ?? `${directory}/.default`
  const audience = /^(.+)\/(?:\.default|user_impersonation)$/.exec(resource)?.[1]
  if (resources.length > 1 || audience === undefined || (text ?? '').length > scopeMax) {
    throw new Refusal(
      400,
      'invalid_scope',
      70011,
      `The provided value for scope ${clean(text ?? '')} is not valid. Ask for one resource, with /.default or /user_impersonation.`,
    )
  }
  return {
    audience,
    words: [`${audience}/user_impersonation`, ...words.filter((word) => said.has(word))].join(' '),
    openid: words.includes('openid'),
    offline: words.includes('offline_access'),
  }
}
