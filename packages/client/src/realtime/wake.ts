/** When a page comes back: from sleep, from the background, from the back/forward cache, from being offline. */

/** Calls one or the other as the browser says it; gives the undo. Does nothing where there is no window. */
export function listenForWake(onWake: () => void, onOffline: () => void): () => void {
  const target = globalThis.window
  if (!target?.addEventListener) return () => {}
  const hear = ({ type }: Event) => {
    if (type === 'offline') onOffline()
    else if (type !== 'visibilitychange' || !target.document?.hidden) onWake()
  }
  const types = ['online', 'offline', 'pageshow', 'visibilitychange']
  for (const type of types) target.addEventListener(type, hear)
  return () => {
    for (const type of types) target.removeEventListener(type, hear)
  }
}
