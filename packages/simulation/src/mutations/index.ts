import { engineMutations } from './engine.js';
import type { Mutations } from './mutation.js';
import { storeMutations } from './store.js';
import { wireMutations } from './wire.js';

/** Every planted bug, by name. */
export const mutations: Mutations = { ...storeMutations, ...wireMutations, ...engineMutations };
