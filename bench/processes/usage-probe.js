// Loaded into measured processes with --import; plain JavaScript, so that nothing is compiled in there. Tells
// on file descriptor 3, a JSON line each time, what the process has used: when asked by SIGWINCH (which means
// nothing else to a server), and when it ends.
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
