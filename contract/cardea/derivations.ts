import { operation } from '../operation.ts'
import { dictionary, nothing, oneOf, optional, record, text } from '../shape.ts'
import { secretName } from '../vault/secrets.ts'

/**
 * Derived secrets (ours): one that is made of others by a template, such as a connection string of a host and a password.
 * It is made anew in the very commit in which one of them changes. On the vault's host.
 */
const named = record({ name: secretName })
const none = record({})

/** How what is put in is written: as it is; for a part of a URL; inside a JSON string; as one word of a POSIX shell. */
export const escapes = ['plain', 'url', 'json', 'shell'] as const
export type Escape = (typeof escapes)[number]

export const deriveSecret = operation({
  id: 'SecretDerive',
  method: 'PUT',
  path: '/.cardea/secrets/:name/derivation',
  since: 'always',
  action: 'secrets/set',
  effect: 'write',
  params: named,
  query: none,
  body: record({
    /** `postgres://{{user}}:{{secret:db-password}}@db.example`; `{{secret:db.password|json}}` for a field of JSON. */
    template: text({ maxCharacters: 8 * 1024 }),
    escaping: optional(oneOf(...escapes)),
    /** What the template names without `secret:`; not for secrets. */
    values: optional(dictionary(text({ maxCharacters: 1024 }), { maxEntries: 16, maxKey: 64 })),
  }),
  status: 200,
})

export const showDerivation = operation({
  id: 'SecretDerivationShow',
  method: 'GET',
  path: '/.cardea/secrets/:name/derivation',
  since: 'always',
  action: 'secrets/list',
  effect: 'read',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const underiveSecret = operation({
  id: 'SecretUnderive',
  method: 'DELETE',
  path: '/.cardea/secrets/:name/derivation',
  since: 'always',
  action: 'secrets/set',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 204,
})

/** What is made of what. Names that the reader may not list don't show. */
export type DerivationView = {
  readonly secret: string
  readonly derivation: null | {
    /** For those who may read the secret itself. */
    readonly template: string | null
    readonly escaping: Escape
    readonly values: Readonly<Record<string, string>> | null
    readonly parts: readonly string[]
    /** Why it wasn't made anew when a part changed last, if it wasn't. */
    readonly trouble: string | null
  }
  /** The secrets that are made of this one. */
  readonly usedBy: readonly string[]
}
