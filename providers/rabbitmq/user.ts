import type { Format } from '../login.ts'

/** What a binding says of a user of RabbitMQ. */
export type RabbitmqUser = {
  readonly host: string
  /** The management interface's: 15671 with TLS, 15672 without. */
  readonly port: number
  readonly tls: boolean | undefined
  /** The secret of the same vault that holds the URI of an administrator. */
  readonly admin: string
  /** There already, with what it may do. */
  readonly user: string
  readonly format: Exclude<Format, 'uri'> | undefined
}
