import type { Log } from '#base/log.ts'
import type { Base } from '#core/perform.ts'
import type { Crowd } from './crowd.ts'
import type { Hosts } from './hosts.ts'
import type { Meters } from './meters.ts'

/** What is needed to answer any request. */
export type Answering = {
  readonly base: Base
  readonly hosts: Hosts
  readonly meters: Meters
  /** How many requests of those who prove nothing are answered. */
  readonly crowd: Crowd
  readonly log: Log
}
