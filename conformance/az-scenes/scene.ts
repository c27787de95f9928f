/** One line that somebody types at Azure's command line, and what becomes of it. */
export type Scene = {
  readonly says: string
  readonly line: string
  /** Only an az that has all its modules can run it. */
  readonly whole?: true
  /** What it must say when it is to be refused. */
  readonly refused?: RegExp
  /** What must be true of what it prints. */
  // biome-ignore lint/suspicious/noExplicitAny: the output of a command, as JSON
  readonly holds?: (printed: any) => boolean
}

/** The shell says where the vault is. */
export const vaultId = '$(az keyvault show -n myvault --query id -o tsv)'

/** Scenes that Debian 12's az lacks the modules for. */
export const whole = (scenes: readonly Scene[]): Scene[] => scenes.map((scene) => ({ ...scene, whole: true }))
