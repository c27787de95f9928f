import { oneOf } from '@cardea/contract/shape'
import { type Command, command } from './command.ts'
import { bashCompletion, fishCompletion, zshCompletion } from './completion-script.ts'

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

/** Made from all commands, itself among them. */
export const completionOf = (commands: () => readonly Command[]): Command =>
  command({
    name: 'completion',
    says: 'Prints what makes a shell complete commands and options.',
    takes: { shell: { says: 'bash, zsh or fish', shape: oneOf('bash', 'zsh', 'fish') } },
    options: {},
    examples: [
      'source <(cardea completion bash)',
      'cardea completion zsh > ~/.zfunc/_cardea',
      'cardea completion fish > ~/.config/fish/completions/cardea.fish',
    ],
    async run({ shell }, world) {
      world.write(shells[shell as keyof typeof shells](commands()))
      return 0
    },
  })
