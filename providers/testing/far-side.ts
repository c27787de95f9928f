import { randomUUID } from 'node:crypto'
import type { Credential, FarSide, Provider } from '@cardea/contract/rotation/provider'

/** Where a provider is put to the test: a binding of its own, not yet known to the far side. */
export type Setting<Binding> = {
  readonly binding: Binding
  readonly secrets: Readonly<Record<string, string>>
  /** Absent where the provider only thinks of values. */
  readonly farSide?: {
    /** All that the far side keeps about this binding, to see whether it has changed. */
    state(): Promise<unknown>
    /** The same binding where nobody listens, or through somebody between who misbehaves. */
    at(port: number): { readonly binding: Binding; readonly secrets: Readonly<Record<string, string>> }
    /** Where it listens. */
    readonly port: number
    /** Who may do what the guide says an administrator must, and no more; and who is known and may change nothing. */
    administrators(): Promise<{ readonly least: Secrets; readonly powerless: Secrets }>
    /** What is secret is never sent, so that it may serve at any place: a key that signs. */
    readonly leadsAnywhere?: boolean
  }
}
type Secrets = Readonly<Record<string, string>>

/** What a provider is handed for one rotation of its own, in no hurry. */
export const farSideOf = <Binding>(binding: Binding, secrets: Readonly<Record<string, string>>): FarSide<Binding> => ({
  binding,
  secrets,
  rotationId: randomUUID(),
  attempt: '1',
  livesMs: undefined,
  urgent: false,
  fence: 1,
  signal: new AbortController().signal,
})

/** A new value, as the provider thinks of one, in the one slot that there is. */
export const proposedBy = <Binding>(provider: Provider<Binding>, { binding }: FarSide<Binding>): Credential => ({
  value: provider.propose(binding, undefined),
  slot: undefined,
})

/**
 * A server that is reached by its port, and by what its administrator's secret says of the same port, as a provider is put
 * to the test there. Where that secret isn't a URL, `adminAt` gives the one for another port.
 */
export function settingOf<Binding extends { readonly port: number }>(
  { binding, secrets: { admin = '' } }: FarSide<Binding>,
  shown: Pick<NonNullable<Setting<Binding>['farSide']>, 'state' | 'administrators'>,
  adminAt = (port: number): string => admin.replace(`:${binding.port}`, `:${port}`),
): Setting<Binding> {
  return {
    binding,
    secrets: { admin },
    farSide: {
      ...shown,
      port: binding.port,
      at: (port) => ({ binding: { ...binding, port }, secrets: { admin: adminAt(port) } }),
    },
  }
}
