/**
 * Order among exchanges of one process: `run` begins a task when those before it under the same key are done, whatever
 * became of them. It lives in the runtime, so that it outlives the engine's own memory.
 */
export interface Turns {
  run<T>(key: string, task: () => Promise<T>): Promise<T>;
}
