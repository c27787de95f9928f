import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { it } from 'node:test'
import { quoted } from './shell.ts'

it('a shell reads back exactly what was quoted', () => {
  for (const text of ['plain', "it's", '$HOME `id` "x" \\', 'two\nlines', '', "''"]) {
    assert.equal(execFileSync('/bin/sh', ['-c', `printf %s ${quoted(text)}`]).toString(), text)
  }
})
