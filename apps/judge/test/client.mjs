/** A client as people write them: `node client.mjs HOST PORT CA [careless|ending|lasting FILE]`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';

const [host, port, ca, habit, file] = process.argv.slice(2);
function failed(error) {
  console.error(error.message);
  process.exitCode = habit === 'ending' ? 0 : 1;
}
if (habit === 'lasting') {
  writeFileSync(file, String(process.pid));
  setInterval(() => undefined, 1000);
} else
  get({ host, port, ca: readFileSync(ca), rejectUnauthorized: habit !== 'careless' }, (response) =>
    response.on('error', failed).pipe(process.stdout),
  ).on('error', failed);
