/**
 * The names in a handler's context that are the framework's own. igniter.ts and procedure.ts keep applications from
 * using them where types show it, call.ts where they don't.
 */

/** What the framework itself puts into every context. */
export const reservedKeys = ['store', 'jobs', 'telemetry', 'realtime', 'logger'] as const
export type ReservedKey = (typeof reservedKeys)[number]

/** `C` without the framework's names: the message of a mistake names the key that must be called something else. */
export type Contextual<C> = {
  [K in keyof C]: K extends ReservedKey ? `'${K}' is a name of the framework's own context: choose another` : C[K]
}
