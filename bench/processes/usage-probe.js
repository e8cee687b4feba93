// Loaded into measured processes with --import. Writes the resource usage of the process to file descriptor 3
// as a line of JSON, on SIGWINCH (which servers do not use otherwise) and when the process ends. Plain
// JavaScript, so that the measured process does not compile TypeScript.
import { writeSync } from 'node:fs'

const tell = () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const usage = {
    cpuMicroseconds: userCPUTime + systemCPUTime,
    peakKilobytes: maxRSS,
    residentKilobytes: process.memoryUsage.rss() / 1024
  }
  writeSync(3, `${JSON.stringify(usage)}\n`)
}

process.on('SIGWINCH', tell)
process.on('exit', tell)
