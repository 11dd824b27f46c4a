import { homedir } from 'node:os'
import { join } from 'node:path'

/** The folder where a program keeps what it would like to find again. */
export function stateFolder(): string {
  const { XDG_STATE_HOME, LOCALAPPDATA } = process.env
  if (XDG_STATE_HOME) return join(XDG_STATE_HOME, 'varve')
  if (process.platform === 'win32') return join(LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'varve')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'varve')
  return join(homedir(), '.local', 'state', 'varve')
}
