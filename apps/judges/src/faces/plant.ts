/**
 * @module Faults to find: a face that misbehaves as faces have, made of one that does not, by its sockets, its engine
 * or its events. They prove this judge; each was in a face or an engine once.
 */
import type { Socket } from 'node:net';
import type { Backend } from '@ferrule/contract';
import type { TlsDuplex } from '@ferrule/node/duplex';
import { planted } from '../orders/plant.ts';

export const FAULTS = [
  'told early',
  'written after the end',
  'truncation',
  'gap',
  'error twice',
  'reset unnoticed',
  'socket left',
] as const;
export type PlantedFault = (typeof FAULTS)[number];

export interface Plant {
  /** Of each socket that the face opens, before it is connected. */
  socket?(socket: Socket): void;
  backend?(backend: Backend): Backend;
  duplex?(stream: TlsDuplex): void;
}

type Done = (error?: Error | null) => void;

export const PLANTS: Readonly<Record<PlantedFault, Plant>> = {
  // A write is told complete when the socket has been given it, and the end does not wait for the rest.
  'told early': {
    socket: (socket) => {
      answerWrites(socket, (bytes, done, pass) => {
        pass(bytes);
        done();
      });
      socket.end = (done?: unknown) => {
        setImmediate(() => socket.destroy());
        if (typeof done === 'function') (done as Done)();
        return socket;
      };
    },
  },
  'written after the end': { backend: (backend) => planted(backend, 'written after the end') },
  truncation: { backend: (backend) => planted(backend, 'truncation') },
  gap: { backend: (backend) => planted(backend, 'gap') },
  'error twice': {
    duplex: (stream) => void stream.once('error', (error) => setImmediate(() => stream.emit('error', error))),
  },
  'reset unnoticed': {
    socket: (socket) => {
      const { emit } = socket;
      socket.emit = (event: string, ...args: unknown[]): boolean =>
        event !== 'error' &&
        event !== 'close' &&
        event !== 'end' &&
        (Reflect.apply(emit, socket, [event, ...args]) as boolean);
    },
  },
  'socket left': {
    socket: (socket) => {
      socket.destroy = () => socket;
      socket.end = () => socket;
    },
  },
};

/** Answers for the socket; `pass` is its own write(). */
function answerWrites(
  socket: Socket,
  answer: (bytes: Uint8Array, done: Done, pass: (bytes: Uint8Array, done?: Done) => boolean) => void,
): void {
  const pass = socket.write.bind(socket);
  socket.write = (bytes: Uint8Array | string, ...rest: unknown[]): boolean => {
    const done = rest.find((each): each is Done => typeof each === 'function') ?? (() => undefined);
    answer(Buffer.from(bytes as Uint8Array), done, pass);
    return true;
  };
}
