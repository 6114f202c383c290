// Says that the process is there, and then is the script that it was given: what Node itself needs to start is not measured.
const [script, ...args] = process.argv.slice(2);
process.argv.splice(2, process.argv.length, ...args);
await import(script);
process.stdout.write('ready\n');
