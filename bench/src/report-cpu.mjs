// Preloaded into both servers alike: tells the parent how much CPU time this process has used.
process.on('message', (message) => {
  if (message?.cpuRequest === undefined) return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuReport: message.cpuRequest, micros: user + system });
});
// A parent that was killed leaves no server behind.
process.on('disconnect', () => process.exit(0));
// The channel alone must not keep a server alive that wants to end.
process.channel?.unref();
