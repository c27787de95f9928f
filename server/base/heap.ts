import { createHook } from 'node:async_hooks'
import { Session } from 'node:inspector/promises'
import { setFlagsFromString } from 'node:v8'

/**
 * Readies V8's memory for a program whose modules are loaded and that hasn't begun its work: what loading took is given back, and
 * what answers requests quickly stays quick. Holds the process up for some 0.1 s.
 */
export async function readyHeap(): Promise<void> {
  holdTick()
  restLong()
  await giveBack()
}

/**
 * Gives back to the system what loading took: compiling leaves some 25 MB of heap behind that V8 keeps for as long as nobody needs
 * memory, since it collects garbage by what is allocated, and an idle server allocates nothing. So thorough a collection also drops
 * the shapes of all objects that nobody holds just then, and code that had met them takes the slow way for good: called once a
 * server was ready, it made each read a quarter dearer. The session ends within; nobody can join it from outside.
 */
async function giveBack(): Promise<void> {
  const session = new Session()
  session.connect()
  try {
    await session.post('HeapProfiler.collectGarbage')
  } finally {
    session.disconnect()
  }
}

const restMinutes = 10

/**
 * Has V8 wait longer until it gives memory back of a process that has come to rest. It does after 8 seconds by itself, and throws
 * away with it what it had compiled for objects that nobody held just then: whoever came next met slow code for some three
 * seconds, in which a read took a third longer and the slowest twice as long.
 */
function restLong(): void {
  setFlagsFromString(`--memory-reducer-delay-ms=${restMinutes * 60_000}`)
}

const held: object[] = []

/**
 * Holds one of the objects in which Node keeps what `process.nextTick` is to call. Where a collection finds none of them, V8 forgets
 * their shape, and from then on every tick of the process takes 440 ns instead of 110: that is some five for each answer.
 */
function holdTick(): void {
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === 'TickObject') held.push(resource)
    },
  }).enable()
  process.nextTick(() => {})
  hook.disable()
}
