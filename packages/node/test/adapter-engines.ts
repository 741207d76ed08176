/** @module The engines that the tables of adapters run on. */
import { chooseBackend } from 'ferrule';

type Name = 'native' | 'pure';

/** The lowest versions of the libraries are asked on one engine: what differs is what they ask of the Duplex. */
const names: readonly Name[] = process.env['FERRULE_LIBRARIES'] === 'lowest' ? ['native'] : ['native', 'pure'];

export const ENGINES: readonly { readonly name: Name; readonly available: Promise<boolean> }[] = names.map((name) => ({
  name,
  available: chooseBackend(name).then(
    () => true,
    () => false,
  ),
}));
