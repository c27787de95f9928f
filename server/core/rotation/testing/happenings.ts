import type { RotationState } from '@cardea/contract/cardea/rotations'
import { arrive, type Credential, type Manner, type Move, type Place, type World } from './world.ts'

/** What may happen around the workers: to requests, to the far side, and by whoever else has a say. */
export function happenings(manner: Manner, world: World, move: Move): void {
  world.net.forEach((request, index) => {
    const name = `${request.op} ${request.c}`
    move(`${name} arrives`, (next) => {
      arrive(manner, next, request)
      next.net.splice(index, 1)
    })
    // A request to mint comes once, late, or never: the engine doesn't repeat it, and nobody else does.
    if (request.op !== 'mint') move(`${name} arrives, and will again`, (next) => arrive(manner, next, request))
    move(`${name} is lost`, (next) => void next.net.splice(index, 1))
  })

  if (world.consumer.v !== world.published.v) {
    move('the consumer switches', (next) => {
      next.consumer = { ...next.published }
    })
  }
  if (world.left.humans > 0) {
    const write = (c: Credential) => (next: World) => {
      next.left.humans -= 1
      next.displaced.push(next.published.c)
      next.goneBackFrom = undefined
      // A new version is enabled, whatever the last one was.
      next.off = false
      next.published = { c, v: next.published.v + 1 }
    }
    if (manner === 'single') {
      move('a human changes the password', (next) => {
        write('h1x')(next)
        next.far.x = ['h1x']
      })
    } else {
      move('a human publishes a value', write('h1-'))
      const { rotation } = world
      if (rotation?.state === 'grace') move('a human goes back to the old value', write(rotation.previous))
    }
  }
  if (world.off)
    move('the secret is enabled', (next) => {
      next.off = false
    })
  else if (world.left.offs > 0) {
    move('the secret is disabled', (next) => {
      next.left.offs -= 1
      next.off = true
    })
  }
  if (world.left.leaks > 0 && world.rotation !== undefined) {
    move('somebody calls a leak', (next) => {
      next.left.leaks -= 1
      next.leaked = true
      if (next.rotation === undefined) return
      next.rotation.urgent = true
      // Nobody goes back to what has leaked.
      if (next.rotation.state === 'returning') next.rotation.state = 'grace'
    })
  }
  if (world.broken)
    move('the administrator is let in again', (next) => {
      next.broken = false
    })
  else if (world.left.losses > 0) {
    move('the far side forgets everything', (next) => {
      next.left.losses -= 1
      next.broken = true
      next.hurt = true
      for (const place of Object.keys(next.far) as Place[]) next.far[place] = []
    })
  }
  if (world.rotation?.state === 'blocked') {
    const decides = (to: RotationState, accepted: boolean) => (next: World) => {
      if (next.rotation === undefined) return
      next.rotation.state = to
      if (accepted) next.rotation.accepted = true
    }
    move('an operator tries again', decides('applying', false))
    move('an operator takes it as done', decides('compensating', true))
    move('an operator gives it up', decides('compensating', false))
  }

  if (
    world.left.backs > 0 &&
    world.rotation?.state === 'grace' &&
    manner !== 'single' &&
    !world.rotation.urgent &&
    !world.off &&
    world.published.v === world.rotation.made
  ) {
    move('an operator wants to go back', (next) => {
      next.left.backs -= 1
      if (next.rotation !== undefined) next.rotation.state = 'returning'
    })
  }
}
