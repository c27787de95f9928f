/** A system that credentials are rotated at, with as many users, roles or applications as are asked for. */
export type Target = AsyncDisposable & {
  /** The program and its version, for who reads what was found. */
  readonly program: string
  /** One more that rotates by itself. `port`: where the target is reached, if it isn't directly. */
  stand(secret: string, port?: number): Promise<Stand>
  /** Where it is a server that can crash. */
  readonly server?: Server
}

export type Server = { readonly port: number; kill(): Promise<void>; restart(): Promise<void> }

export type Stand = {
  /** The binding, but for the secret that it draws on. */
  binding(draws: string): object
  /** The value of the secret that the binding draws on, if it does. */
  readonly draws: string | undefined
  /** What is published to begin with, where it isn't made at the first rotation. */
  readonly first: string | undefined
  /**
   * Whether the target itself accepts a value, asked as a program would and not by way of the provider. Throws unless
   * it clearly says yes or no. Undefined where there is nothing that would.
   */
  accepts?(value: string): Promise<boolean>
  /** How many credentials live there; undefined where it is always as many. */
  living?(): Promise<number>
}
