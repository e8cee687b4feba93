// Loaded into measured processes with --import. Writes what the process has used so far to file descriptor 3
// as a line of JSON, on SIGWINCH (which servers do not use otherwise) and when the process ends. Plain
// JavaScript, so that the measured process does not compile TypeScript.
import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'

/** The number of HTTP and HTTPS requests sent so far, by host and port. */
const requests = {}
// https://nodejs.org/api/diagnostics_channel.html#http
subscribe('http.client.request.start', ({ request }) => {
  const host = String(request.getHeader('host'))
  requests[host] = (requests[host] ?? 0) + 1
})

const tell = () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const usage = {
    cpuMicroseconds: userCPUTime + systemCPUTime,
    peakKilobytes: maxRSS,
    residentKilobytes: process.memoryUsage.rss() / 1024,
    requests
  }
  writeSync(3, `${JSON.stringify(usage)}\n`)
}

process.on('SIGWINCH', tell)
process.on('exit', tell)
