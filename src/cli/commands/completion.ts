import type { Command } from '../command.ts'

const SHELLS: Readonly<Record<string, () => Promise<string>>> = {
  bash: async () => (await import('../completion/bash.ts')).bash,
  zsh: async () => (await import('../completion/zsh.ts')).zsh,
  fish: async () => (await import('../completion/fish.ts')).fish,
}

export const completion: Command = {
  storeless: true,
  arguments: [{ name: 'shell', summary: 'the shell', choices: Object.keys(SHELLS) }],
  details: 'The script asks varve itself for commands, options, keys, versions and tags.',
  examples: [
    ['source <(varve completion bash)', 'in ~/.bashrc'],
    ['source <(varve completion zsh)', 'in ~/.zshrc'],
    ['varve completion fish > ~/.config/fish/completions/varve.fish', 'once'],
  ],
  async run({ args: [shell = ''], out }) {
    await out.text((await SHELLS[shell]?.()) ?? '')
  },
}
