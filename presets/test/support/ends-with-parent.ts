/** Ends this process when the one that started it is gone, however it went. */
process.stdin.on('end', () => process.exit(1))
process.stdin.resume()
if ('unref' in process.stdin) process.stdin.unref()
