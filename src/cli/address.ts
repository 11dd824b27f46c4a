/** Where the store is: what the line says, else the environment, else here. */
export function addressFrom(said: string | undefined): string {
  return said ?? (process.env['VARVE_URL'] || './.varve')
}
