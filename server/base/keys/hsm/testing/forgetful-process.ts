import { appendFileSync, readFileSync } from 'node:fs'
import type { Reply, Request } from '../messages.ts'

/** Stands in for a module whose session is gone: as often as the name of its token says, one process after the other. */
process.on('disconnect', () => process.exit())
let file = ''
let losses = 0
process.on('message', ({ act, asked }: Request) => {
  if (act === 'open') {
    const { module, token } = asked as { readonly module: string; readonly token: string }
    file = module
    losses = Number(token)
    appendFileSync(file, '.')
  }
  const opened = readFileSync(file, 'utf8').length
  const reply: Reply =
    act !== 'open' && opened <= losses ? { lost: 'CKR_SESSION_HANDLE_INVALID' } : { answer: Buffer.of(opened) }
  process.send?.(reply)
})
