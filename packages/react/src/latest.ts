'use client'
/** What hooks call later is what the last render gave, without being begun anew by each render. */
import { useEffect, useRef } from 'react'

/** The value of the last render that was committed. */
export function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value)
  useEffect(() => {
    latest.current = value
  })
  return latest
}
