export function oldNode(version: string): string | undefined;
export function installedScope(root: string): 'full' | 'demo' | undefined;
export function install(options?: {
  scope?: 'full' | 'demo';
  say?: (line: string) => void;
  root?: string;
  signal?: AbortSignal;
}): Promise<void>;
