import { byKey, byToken, connectionFrom } from './authorization.ts'
import { Configuration, intervalMsMin } from './configuration.ts'
import { credentialFrom } from './credential.ts'
import { Engine } from './engine.ts'
import { ConfigurationError } from './errors.ts'
import { noLabel, type Selector } from './filters.ts'
import { span } from './pace.ts'
import type { Watched } from './reading.ts'
import { Reporter, type ReportOptions, reporterFrom } from './reporter.ts'
import { Store } from './store.ts'
import { type TokenCredential, type Tokens, tokensOf } from './tokens.ts'
import { openTransport, type TransportOptions } from './transport.ts'
import { Vault } from './vault.ts'

/** What a configuration is made of, and how it is kept. Names are those of Azure's own providers where they have one. */
export type LoadOptions = {
  /** Which settings; by default all without a label. Later selectors win. */
  readonly selectors?: readonly Selector[]
  /** Prefixes that keys lose; the first that fits. */
  readonly trimKeyPrefixes?: readonly string[]
  readonly refreshOptions?: {
    /** How often the store is looked at, beside being followed. Default 30 s, at least 1 s. */
    readonly refreshIntervalInMs?: number
    /** Only when one of these changes is anything else looked at: written last, it says that a change is complete. */
    readonly watchedSettings?: readonly Watched[]
  }
  readonly keyVaultOptions?: {
    /** For the vaults; by default the store's credential, else the environment's. */
    readonly credential?: TokenCredential
    /** How often secrets are read anew, beside being followed. Default 5 min, at least 1 s, Infinity for never. */
    readonly secretRefreshIntervalInMs?: number
    /** Up to 16 secrets at once, or one after another. Default true. */
    readonly parallelSecretResolutionEnabled?: boolean
  }
  readonly startupOptions?: {
    /** How long the first reading may take until `load` rejects. Default 100 s. */
    readonly timeoutInMs?: number
    /**
     * How long a secret may be refused (absent, disabled, forbidden, not a reference) until `load` rejects; it may be on
     * its way. Default 5 s, so that a program that is started again and again doesn't knock in a frenzy.
     */
    readonly patienceInMs?: number
    /** Told of each failure that will be tried again while `load` is under way; later ones go to `onError`. */
    readonly onRetry?: (error: ConfigurationError) => void
  }
  /** Whether the store's change stream is followed where it has one. Default true. */
  readonly push?: boolean
  /** Tells the vaults which versions this program runs on. */
  readonly report?: ReportOptions
  readonly clientOptions?: TransportOptions & {
    /** Allows a store without TLS, as emulators have; only with a connection string, never with a token. */
    readonly allowInsecureConnection?: boolean
  }
}

/**
 * Loads a configuration and keeps it true. Resolves when every setting and every secret is there. Rejects, naming keys
 * and reasons, when secrets stay refused, soon, or when anything else stays away, after the start-up time-out. Without a
 * credential, the environment says who the program is.
 */
export function load(endpointOrConnectionString: string | URL, options?: LoadOptions): Promise<Configuration>
export function load(
  endpoint: string | URL,
  credential: TokenCredential | undefined,
  options?: LoadOptions,
): Promise<Configuration>
export async function load(
  where: string | URL,
  second?: TokenCredential | LoadOptions,
  third?: LoadOptions,
): Promise<Configuration> {
  const given = second && 'getToken' in second ? second : undefined
  const options = third ?? (given ? {} : ((second as LoadOptions | undefined) ?? {}))
  const { startup, ...settings } = settingsOf(options)
  const report = options.report && reporterFrom(options.report)
  const transport = openTransport(options.clientOptions)
  try {
    const fromEnvironment = () => tokensOf(credentialFrom(options.clientOptions?.env ?? process.env, transport))
    const store = storeAt(String(where), given, fromEnvironment, transport, options)
    const vaultCredential = options.keyVaultOptions?.credential ?? given
    // Only a configuration with Key Vault references needs an identity for them.
    let tokens: Tokens | undefined
    const vaults = new Map<string, Vault>()
    const vaultAt = (origin: string): Vault => {
      tokens ??= vaultCredential ? tokensOf(vaultCredential) : fromEnvironment()
      const vault = vaults.get(origin) ?? new Vault(origin, transport, tokens)
      vaults.set(origin, vault)
      return vault
    }
    const engine = new Engine({ store, vaultAt, ...settings })
    await engine.start(startup)
    return new Configuration(engine, {
      ...(report && {
        startReporting: (uses) =>
          new Reporter(report, { uses, vaultAt, tell: (error) => engine.tell(error), signal: engine.signal }),
      }),
      close: () => transport.close(),
    })
  } catch (error) {
    transport.close()
    throw error
  }
}

function settingsOf(options: LoadOptions) {
  const { refreshOptions = {}, keyVaultOptions = {}, startupOptions = {} } = options
  const selectors = options.selectors ?? [{ keyFilter: '*' }]
  for (const { labelFilter = noLabel } of selectors) {
    if (!/[*,]/.test(labelFilter)) continue
    throw new ConfigurationError(
      'invalid',
      `A selector has one label, without "*" and ","; "${labelFilter}" is not one.`,
    )
  }
  const { secretRefreshIntervalInMs: secretMs = 5 * 60_000, parallelSecretResolutionEnabled: parallel = true } =
    keyVaultOptions
  return {
    plan: { selectors, watched: refreshOptions.watchedSettings ?? [] },
    trimKeyPrefixes: options.trimKeyPrefixes ?? [],
    refreshIntervalMs: span('refreshIntervalInMs', refreshOptions.refreshIntervalInMs ?? 30_000, intervalMsMin),
    secretIntervalMs: span('secretRefreshIntervalInMs', secretMs, intervalMsMin),
    secretsAtOnce: parallel ? 16 : 1,
    push: options.push ?? true,
    startup: {
      timeoutMs: span('startupOptions.timeoutInMs', startupOptions.timeoutInMs ?? 100_000, 0),
      patienceMs: span('patienceInMs', startupOptions.patienceInMs ?? 5_000, 0),
      onRetry: startupOptions.onRetry,
    },
  }
}

function storeAt(
  where: string,
  given: TokenCredential | undefined,
  fromEnvironment: () => Tokens,
  transport: ReturnType<typeof openTransport>,
  { clientOptions }: LoadOptions,
): Store {
  const connection = /^\s*https?:\/\//i.test(where) ? undefined : connectionFrom(where)
  const endpoint = new URL(connection?.endpoint ?? where).origin
  if (!endpoint.startsWith('https://') && !(connection && clientOptions?.allowInsecureConnection)) {
    throw new ConfigurationError('invalid', 'The store’s endpoint must begin with https://.')
  }
  if (connection) return new Store(endpoint, transport, byKey(connection.key))
  return new Store(endpoint, transport, byToken(given ? tokensOf(given) : fromEnvironment(), `${endpoint}/.default`))
}
