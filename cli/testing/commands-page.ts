import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { areas } from '../commands.ts'
import { helpOf } from '../help.ts'
import { paintFor } from '../print.ts'

/** The guide's page of commands, made from what they say of themselves. */
const page = join(import.meta.dirname, '../../docs/guide/commands.md')

/** The page as it should be. */
export function commandsPage(): string {
  const plain = paintFor({ colours: false })
  const lines = [
    '# Commands',
    '',
    'Made by `npm run commands` from what the commands say of themselves; a test holds it to them. `cardea help COMMAND` shows the',
    'same in a terminal. Output is for people, and with `--json` for programs; tables are fitted to the terminal, and whole in',
    'a pipe. Exit codes are 0 for done, 1 for refused, 2 for misused. Values of secrets come from standard input or a file,',
    'never from arguments. In the folder of the repository, `npx cardea` is what is called `cardea` here.',
    '',
    ...areas.map(({ title }) => `- [${title}](#${title.toLowerCase().replaceAll(' ', '-')})`),
  ]
  for (const { title, commands } of areas) {
    lines.push('', `## ${title}`)
    for (const command of commands) lines.push('', `### ${command.name}`, '', '```', helpOf(command, plain), '```')
  }
  return `${lines.join('\n')}\n`
}

/** The page as it is. */
export const writtenCommandsPage = (): string => readFileSync(page, 'utf8')

if (process.argv[1] === import.meta.filename) writeFileSync(page, commandsPage())
