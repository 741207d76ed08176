export function joinChunks(
  folder: string,
  everyday: readonly string[],
  into?: string,
  sourcemap?: boolean,
): Promise<void>;
