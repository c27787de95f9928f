import { Fault } from '../fault.ts'

/**
 * Reads what somebody else has made. Whatever a reader trips over is the fault of what it was given, and what it says of that is about
 * its own insides: the caller hears the fault that stands for all of it.
 */
export function readable<T>(read: () => T, otherwise: () => Fault): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof Fault ? error : otherwise()
  }
}
