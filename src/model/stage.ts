/**
 * Where a subject comes from: a manifest that nobody mutated yet, an object that an API server is about to
 * admit, or one that a cluster holds.
 */
export type Stage = 'source' | 'admitted' | 'running'
