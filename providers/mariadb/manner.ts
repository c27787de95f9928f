import type { Ask } from './administrator.ts'
import type { DatabaseUser } from './user.ts'

/**
 * How a server that speaks MySQL's protocol gives a user two passwords. Each finds out first how things stand, so that it
 * may be asked again and then changes nothing.
 */
export type Manner = {
  /** What an operator is told of it. */
  readonly says: string
  /** Refuses a user who isn't there, or proves itself in a way that would be lost. */
  look(ask: Ask, user: DatabaseUser): Promise<void>
  add(ask: Ask, user: DatabaseUser, password: string): Promise<void>
  remove(ask: Ask, user: DatabaseUser, password: string): Promise<void>
  /** Makes a user who has but this password. */
  make(ask: Ask, user: DatabaseUser, password: string): Promise<void>
  endSessions(ask: Ask, user: DatabaseUser): Promise<void>
  /** The privileges without which sessions of others live on, whether the server says so or not. */
  readonly endsSessionsBy: string
}
