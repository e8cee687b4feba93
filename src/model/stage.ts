/**
 * The origin of a subject: a manifest before mutation, an object that an API server is about to admit, or an
 * object in a cluster.
 */
export type Stage = 'source' | 'admitted' | 'running'
