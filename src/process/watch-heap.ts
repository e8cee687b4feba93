import { constants, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { recordOf } from '../text/record.js'

/** Memory in MiB: what is in use after a garbage collection, and the limit that Node sets. */
export interface HeapUse {
  readonly used: number
  readonly limit: number
}

/**
 * Calls `onFull` after each full garbage collection that leaves more than `share` (from 0 to 1) of the heap
 * in use. Node ends the process when the heap is full. In a container, Node 24 limits the heap to half of the
 * container's memory.
 */
export function watchHeap(share: number, onFull: (use: HeapUse) => void): { stop(): void } {
  const observer = new PerformanceObserver((list) => {
    const isFull = list
      .getEntries()
      .some((entry) => recordOf(recordOf(entry)['detail'])['kind'] === constants.NODE_PERFORMANCE_GC_MAJOR)
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    if (isFull && used > share * limit) onFull({ used: used / mebibyte, limit: limit / mebibyte })
  })
  observer.observe({ entryTypes: ['gc'] })

  return { stop: () => observer.disconnect() }
}

const mebibyte = 1024 * 1024
