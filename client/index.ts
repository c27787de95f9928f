/**
 * The client library of Cardea: settings and secrets as live values, for Azure App Configuration and Key Vault too. It is
 * not published yet, and used within this workspace. What is public stands here, with `adapters/pg`; the command line has a
 * few doors of its own besides (`package.json`). docs/guide/client.md tells how it is used.
 *
 * ```ts
 * using configuration = await load('https://shop.config.cardea.internal')
 * configuration.get('Shop:Greeting')
 * configuration.watch('Shop:Greeting', ({ current }) => greet(current))
 * ```
 */
export type { Configuration } from './configuration.ts'
export { environmentCredential } from './credential.ts'
export { ConfigurationError, type ErrorCode } from './errors.ts'
export type { Selector } from './filters.ts'
export type { Consumer, Live } from './live.ts'
export { type LoadOptions, load } from './load.ts'
export type { Watched } from './reading.ts'
export type { ReportOptions } from './reporter.ts'
export type { ConfigurationChange } from './state.ts'
export type { AccessToken, TokenCredential } from './tokens.ts'
export type { TransportOptions } from './transport.ts'
