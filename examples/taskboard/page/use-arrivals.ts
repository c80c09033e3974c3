/** Which tasks of a list came or changed from elsewhere a moment ago: task-list.tsx lights them up and says so. */
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Task } from './api.ts'

/** Milliseconds that news stay lit: --linger of tokens.css. */
const linger = 2_600

/**
 * Compares each state of the list with the one before. What `isOwn` says yes to is no news, and neither is the first
 * list, nor older tasks that were asked for with "Show more".
 */
export function useArrivals(tasks: readonly Task[] | undefined, isOwn: (task: Task) => boolean): readonly Task[] {
  const seen = useRef<ReadonlyMap<number, number> | undefined>(undefined)
  const [arrivals, setArrivals] = useState<readonly Task[]>([])

  // Before the paint, so that a new row is lit from its first frame on.
  useLayoutEffect(() => {
    if (tasks === undefined) return
    const before = seen.current
    seen.current = new Map(tasks.map((task) => [task.id, task.updatedAt.getTime()]))
    if (before === undefined) return
    const oldest = Math.min(...before.keys())
    const news = tasks.filter((task) => {
      const then = before.get(task.id)
      const isNews = then === undefined ? before.size === 0 || task.id > oldest : then !== task.updatedAt.getTime()
      return isNews && !isOwn(task)
    })
    if (news.length > 0) setArrivals(news)
  }, [tasks, isOwn])

  useEffect(() => {
    if (arrivals.length === 0) return
    const timer = setTimeout(setArrivals, linger, [])
    return () => clearTimeout(timer)
  }, [arrivals])

  return arrivals
}
