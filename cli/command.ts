import { settingKey } from '@cardea/contract/appconfig/key-values'
import type { Shape } from '@cardea/contract/shape'
import { secretName } from '@cardea/contract/vault/secrets'
import type { World } from './world.ts'

/** What a command says of itself: its help, and the checks of what it is given, are made from this. */
export type Option = {
  readonly type: 'string' | 'boolean'
  readonly multiple?: true
  /** What stands for the value in the help, `DIR` for one. */
  readonly value?: string
  readonly says: string
  /** The values that a shell completes, where `value` doesn't list them: there may be others. */
  readonly choices?: readonly string[]
  /** What it must be; everything, where nothing is said. */
  readonly shape?: Shape<string>
}
export type Options = Readonly<Record<string, Option>>
/** What is given without an option, in this order. */
export type Takes = Readonly<Record<string, Place>>
export type Place = { readonly says: string; readonly optional?: true; readonly shape?: Shape<string> }

type OptionValue<O extends Option> = O extends { type: 'boolean' }
  ? boolean
  : O extends { multiple: true }
    ? readonly string[]
    : string | undefined
export type Given<T extends Takes, O extends Options> = {
  readonly [K in keyof T]: T[K] extends { optional: true } ? string | undefined : string
} & { readonly [K in keyof O]: OptionValue<O[K]> }

/** 0: done. 1: refused. 2: misused. */
export type ExitCode = 0 | 1 | 2

export type Command<T extends Takes = Takes, O extends Options = Options> = {
  readonly name: string
  readonly says: string
  /** What the help adds beneath the options. */
  readonly more?: string
  readonly takes: T
  /** Why there can't be more than `takes`, where people try. */
  readonly noMore?: string
  readonly options: O
  readonly examples: readonly string[]
  run(given: Given<T, O>, world: World): Promise<ExitCode>
}

/**
 * Tells the checker what `run` is given. What is handed on is a command like all others: the words that one gets have been
 * checked against what it says of itself (see arguments.ts), which the checker can't know.
 */
export const command = <const T extends Takes, const O extends Options>(told: Command<T, O>): Command =>
  told as unknown as Command

/** What is given as NAME and KEY: refused here where no service would take it, and an URL would lead elsewhere. */
export const secret = { says: 'the secret', shape: secretName } as const
export const person = { says: 'the name with which somebody signs in, as ada@example.org' } as const
export const setting = { says: 'the setting', shape: settingKey } as const

/** Options that mean the same wherever they are. */
export const json = { type: 'boolean', says: 'one JSON document for programs' } as const
export const data = {
  type: 'string',
  value: 'DIR',
  says: 'the data folder of a Cardea on this machine (default CARDEA_DATA, else ./.cardea)',
} as const
export const vault = {
  type: 'string',
  value: 'NAME|URL',
  says: 'the vault (default AZURE_KEYVAULT_URL, else the one called demo)',
} as const
export const store = {
  type: 'string',
  value: 'NAME|URL',
  says: 'the store (default AZURE_APPCONFIG_ENDPOINT, else the one called demo)',
} as const

/** The command was called in a way that it doesn't understand. */
export class Misuse extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'Misuse'
    this.hint = hint
  }
}

/** The command was understood, and couldn't be done. */
export class Refusal extends Error {
  readonly code: string
  readonly hint: string | undefined
  constructor(code: string, message: string, hint?: string) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.hint = hint
  }
}
