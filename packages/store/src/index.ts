export { DataFolderError } from './embedded/folder.js';
export { type EmbeddedOptions, type EmbeddedStore, openEmbedded } from './embedded/open.js';
export type { WriterStats } from './embedded/writer.js';
