export async function runLong(_: {
  seconds: number;
  only: string | undefined;
  seed?: number;
}): Promise<number> {
  return 0;
}
